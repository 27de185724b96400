package org.gibsey.spine;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.catalina.util.NetMask;

/** Addresses that a setting names: one, or a network in CIDR notation. Immutable. */
public record Network(NetMask mask) {

    /** Addresses only: a name would be looked up in the DNS. */
    private static final Pattern ADDRESS =
            Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[\\w.-]+)?");

    /**
     * Reads a setting.
     *
     * @throws IllegalArgumentException if it is neither an address nor a network
     */
    public static Network of(String text) {
        int slash = text.indexOf('/');
        if (address(slash < 0 ? text : text.substring(0, slash)).isEmpty()) {
            throw new IllegalArgumentException("not an address or a network such as 10.0.0.0/8: " + text);
        }
        return new Network(new NetMask(text));
    }

    /** @return nothing for what is not written as an IPv4 or IPv6 address; an IPv4 address that is mapped to IPv6 as such */
    public static Optional<InetAddress> address(String text) {
        try {
            return ADDRESS.matcher(text).matches() ? Optional.of(InetAddress.getByName(text)) : Optional.empty();
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }

    public boolean contains(InetAddress address) {
        return mask.matches(address);
    }
}
