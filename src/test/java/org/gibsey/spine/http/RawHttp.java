package org.gibsey.spine.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.gibsey.spine.embedded.Patience;

/** HTTP/1.1 byte by byte, for requests that no client library would send. */
final class RawHttp {

    private RawHttp() {}

    /** One answer; header names in any case, several of one name with commas between. */
    record Answer(int status, Map<String, String> headers, String body) {

        static Answer parse(byte[] bytes) {
            String text = new String(bytes, StandardCharsets.UTF_8);
            int end = text.indexOf("\r\n\r\n");
            if (!text.startsWith("HTTP/1.1 ") || end < 0) {
                throw new AssertionError(
                        "no answer: " + text.lines().findFirst().orElse("nothing"));
            }
            Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            text.substring(0, end).lines().skip(1).forEach(line -> {
                int colon = line.indexOf(':');
                headers.merge(
                        line.substring(0, colon), line.substring(colon + 1).strip(), (a, b) -> a + ", " + b);
            });
            return new Answer(Integer.parseInt(text.substring(9, 12)), headers, text.substring(end + 4));
        }
    }

    /**
     * Sends it as it is and reads until the server closes, which the request has to ask for. The server may answer and close
     * before it has read everything.
     */
    static Answer send(int port, byte[] request) throws IOException {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout((int) Patience.LIMIT.toMillis());
            try {
                socket.getOutputStream().write(request);
            } catch (IOException closed) {
                // what it answered is there to read nevertheless
            }
            return Answer.parse(readToEnd(socket));
        }
    }

    /**
     * The same from another address of this machine.
     *
     * @param from last number of the loopback address
     */
    static Answer send(int port, int from, String request) throws IOException {
        return send(port, InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) from}), request);
    }

    /** The same from any address of this machine. */
    static Answer send(int port, InetAddress from, String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port, from, 0)) {
            socket.setSoTimeout((int) Patience.LIMIT.toMillis());
            socket.getOutputStream().write(request.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
            return Answer.parse(readToEnd(socket));
        }
    }

    /** The same for text, which has to be ISO-8859-1; {@code \n} stands for the end of a line. */
    static Answer send(int port, String request) throws IOException {
        return send(port, request.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1));
    }

    static byte[] readToEnd(Socket socket) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        long end = System.nanoTime() + Patience.LIMIT.toNanos();
        try {
            for (int count = 0; count >= 0; count = socket.getInputStream().read(buffer)) {
                all.write(buffer, 0, count);
                if (System.nanoTime() > end) {
                    throw new IllegalStateException("the answer has no end: " + all.toString(StandardCharsets.UTF_8));
                }
            }
        } catch (IOException e) {
            // reset after the answer: what had been left unread is no matter
            if (all.size() == 0) {
                throw e;
            }
        }
        return all.toByteArray();
    }
}
