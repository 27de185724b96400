package org.gibsey.spine;

import jakarta.servlet.ServletRequest;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * A room that clients share. Half of it is for anyone; beyond that nobody has more than a sixteenth, so that one client
 * cannot shut out the others. A client is an IPv4 address, or a network of IPv6 of the size that one customer gets.
 * Remembers only who is in. Thread-safe.
 */
public final class ClientShares {

    /** What became of a wish for room. */
    public enum Outcome {
        TAKEN,
        /** The client has its share; others still find room. */
        SHARE_USED,
        FULL
    }

    private static final int NETWORK_BYTES = 8;

    private final long room;
    private final Map<String, Long> taken = new HashMap<>();
    private long all;

    /** @param room for everybody, in any unit */
    public ClientShares(long room) {
        this.room = room;
    }

    /** Takes room without waiting. Who got it gives it back with {@link #leave}. */
    public synchronized Outcome take(String client, long amount) {
        if (all + amount > room) {
            return Outcome.FULL;
        }
        long own = taken.getOrDefault(client, 0L) + amount;
        if (all + amount > room / 2 && own > Math.max(amount, room / 16)) {
            return Outcome.SHARE_USED;
        }
        taken.put(client, own);
        all += amount;
        return Outcome.TAKEN;
    }

    /** Gives back what was taken. */
    public synchronized void leave(String client, long amount) {
        taken.computeIfPresent(client, (unused, own) -> own > amount ? own - amount : null);
        all -= amount;
    }

    /** Who sent a request; behind a proxy that is trusted, who sent it to the proxy. */
    public static String client(ServletRequest request) {
        String address = request.getRemoteAddr();
        if (address.indexOf(':') < 0) {
            return address;
        }
        return Network.address(address).map(ClientShares::network).orElse(address);
    }

    private static String network(InetAddress address) {
        return address instanceof Inet6Address
                ? HexFormat.of().formatHex(Arrays.copyOf(address.getAddress(), NETWORK_BYTES))
                : address.getHostAddress();
    }
}
