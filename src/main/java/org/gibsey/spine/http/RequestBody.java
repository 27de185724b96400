package org.gibsey.spine.http;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Locale;

/**
 * A request body that ends the call when it turns out larger or slower than allowed, while it is read and not after. Without
 * it one caller could fill the memory, or hold a place for hours with a byte now and then. Throws {@link Refused}. Not
 * thread-safe.
 */
final class RequestBody extends InputStream {

    private final InputStream in;
    private final int announced;
    private final int maxBytes;
    private final long maxMs;
    private final long began = System.nanoTime();
    private int read;

    private RequestBody(InputStream in, int announced, int maxBytes, Duration maxTime) {
        this.in = in;
        this.announced = announced;
        this.maxBytes = maxBytes;
        this.maxMs = maxTime.toMillis();
    }

    /**
     * @param maxBytes the most that is taken
     * @param maxTime  how long all of it may take
     * @throws Refused if its headers say already that it cannot be taken
     */
    static RequestBody of(HttpServletRequest request, int maxBytes, Duration maxTime) throws IOException {
        String encoding = request.getHeader("Content-Encoding");
        // unpacking would let a small request become a large one
        if (encoding != null && !encoding.strip().toLowerCase(Locale.ROOT).equals("identity")) {
            throw new Refused(Problem.type("The body must not be compressed or otherwise encoded."));
        }
        String charset = request.getCharacterEncoding();
        if (charset != null && !charset.equalsIgnoreCase("utf-8") && !charset.equalsIgnoreCase("us-ascii")) {
            throw new Refused(
                    Problem.malformed("The body must be UTF-8, as JSON is, whatever charset its type names."));
        }
        long announced = request.getContentLengthLong();
        if (announced > maxBytes) {
            throw new Refused(Problem.large("The body must be at most %d bytes.".formatted(maxBytes)));
        }
        return new RequestBody(request.getInputStream(), (int) announced, maxBytes, maxTime);
    }

    /** Where the length was announced, in a buffer of that size: the default begins with 16 KiB, for a body of some hundred. */
    @Override
    public byte[] readAllBytes() throws IOException {
        if (announced < 0) {
            return super.readAllBytes();
        }
        byte[] all = readNBytes(announced);
        // up to the end, or HTTP/2 takes the request for one whose body nobody wanted
        if (read() >= 0) {
            throw new Refused(Problem.malformed("The body is longer than its Content-Length."));
        }
        return all;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int count;
        try {
            count = in.read(buffer, offset, length);
        } catch (SocketTimeoutException e) {
            throw new Refused(Problem.slow("The body must arrive within %d ms.".formatted(maxMs)));
        } catch (IOException e) {
            // the caller is gone, or its chunks are none
            throw new Refused(Problem.malformed("The body ends before its end."));
        }
        read += Math.max(count, 0);
        if (read > maxBytes) {
            throw new Refused(Problem.large("The body must be at most %d bytes.".formatted(maxBytes)));
        }
        if (count >= 0 && (System.nanoTime() - began) / 1_000_000 > maxMs) {
            throw new Refused(Problem.slow("The body must arrive within %d ms.".formatted(maxMs)));
        }
        return count;
    }
}
