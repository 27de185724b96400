package org.gibsey.spine;

import jakarta.servlet.ServletRequest;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A room that clients share. Half of it is for anyone; beyond that nobody has more than a sixteenth, so that one client
 * cannot shut out the others: it takes nine to fill it, where an eighth each would take five. A sixteenth is enough for clients
 * whose calls end: of 512 saves in work it is 32, which at 10 ms each are 3,200 saves a second for all readers of one address.
 *
 * <p>A client is a reader who is known, an IPv4 address, or an IPv6 network of the size that one customer gets. Only clients
 * that hold something are remembered. Thread-safe, and without one lock for all: hundreds of calls of one client were seen to
 * queue at it, and the call of another client behind them.
 */
public final class ClientShares {

    /** The answer to a request for room. */
    public enum Outcome {
        TAKEN,
        /** The client has its share; others still find room. */
        SHARE_USED,
        FULL
    }

    private static final int NETWORK_BYTES = 8;
    private static final int PARTS = 16;

    /** So that two clients rarely wait for each other. */
    private static final int MOST_AT_ONCE = 1_024;

    private final long room;
    private final Map<String, Long> taken = new ConcurrentHashMap<>(MOST_AT_ONCE);
    private final AtomicLong all = new AtomicLong();

    /** @param room for everybody, in any unit */
    public ClientShares(long room) {
        this.room = room;
    }

    /** Takes room without waiting. Who got it gives it back with {@link #leave}. */
    public Outcome take(String client, long amount) {
        long full = all.addAndGet(amount);
        if (full > room) {
            all.addAndGet(-amount);
            return Outcome.FULL;
        }
        while (true) {
            Long before = taken.get(client);
            long own = amount + (before == null ? 0 : before);
            if (full > room / 2 && own > Math.max(amount, share())) {
                all.addAndGet(-amount);
                return Outcome.SHARE_USED;
            }
            if (before == null ? taken.putIfAbsent(client, own) == null : taken.replace(client, before, own)) {
                return Outcome.TAKEN;
            }
        }
    }

    /** What one client may have once half of the room is taken; at least 1. */
    public long share() {
        return Math.max(1, room / PARTS);
    }

    int clients() {
        return taken.size();
    }

    /** Gives back what was taken. */
    public void leave(String client, long amount) {
        taken.computeIfPresent(client, (unused, own) -> own > amount ? own - amount : null);
        all.addAndGet(-amount);
    }

    /** Who sent a request; behind a proxy that is trusted, who sent it to the proxy. */
    public static String client(ServletRequest request) {
        return client(request.getRemoteAddr());
    }

    /** Whose address it is; it is null when its connection has just ended. */
    public static String client(@Nullable String address) {
        if (address == null) {
            return "";
        }
        if (address.indexOf(':') < 0) {
            return address;
        }
        return Network.address(address).map(ClientShares::client).orElse(address);
    }

    /** Who has an address. */
    public static String client(InetAddress address) {
        return address instanceof Inet6Address
                ? HexFormat.of().formatHex(Arrays.copyOf(address.getAddress(), NETWORK_BYTES))
                : address.getHostAddress();
    }
}
