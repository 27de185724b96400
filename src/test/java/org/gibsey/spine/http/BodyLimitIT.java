package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.embedded.Patience;
import org.gibsey.spine.embedded.SpineIT;
import org.gibsey.spine.http.RawHttp.Answer;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** A body over the limit is refused while it is read, and one at the limit is taken. */
@SpineIT
class BodyLimitIT {

    private static final String GIFT = "{\"page_id\":44001,\"question\":\"q\",\"answer\":\"a\"}";
    private static final int CHUNK = 64 * 1024;

    @LocalServerPort
    int port;

    @Autowired
    SpineSettings settings;

    @Test
    void takesABodyAtTheLimit() throws IOException {
        assertThat(RawHttp.send(port, withLength(padded(limit()))).status()).isEqualTo(202);
        assertThat(sendChunked(limit()).status()).isEqualTo(202);
    }

    @Test
    void refusesABodyOneByteOverTheLimit() throws IOException {
        assertThat(RawHttp.send(port, withLength(padded(limit() + 1))).status()).isEqualTo(413);
        assertThat(sendChunked(limit() + 1).status()).isEqualTo(413);
    }

    @Test
    void refusesALengthOverTheLimitBeforeTheBodyComes() throws IOException {
        Answer answer = RawHttp.send(port, head("Content-Length: 1000000000") + "\n");

        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.body()).contains("\"status\":413");
    }

    /** A connection that is closed while bytes come is reset, and their sender may never see its answer. */
    @Test
    void keepsTheConnectionOpenForTheRestOfABodyNobodyWants() throws IOException {
        boolean isOpen = false;
        // a machine may rest for longer than the server waits
        for (int attempt = 0; attempt < 3 && !isOpen; attempt++) {
            isOpen = isOpenAfterAnAnswer();
        }

        assertThat(isOpen).isTrue();
    }

    private boolean isOpenAfterAnAnswer() throws IOException {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout((int) Patience.LIMIT.toMillis());
            OutputStream out = socket.getOutputStream();
            out.write(crlf("POST /nowhere HTTP/1.1\nHost: x\nConnection: close\nContent-Length: 3000\n\n"));
            InputStream in = socket.getInputStream();
            StringBuilder answer = new StringBuilder();
            while (!answer.toString().endsWith("}")) {
                answer.append((char) in.read());
            }
            socket.setSoTimeout(500);
            try {
                in.read();
                return false;
            } catch (SocketTimeoutException open) {
                out.write(padded(3000));
                return in.read() == -1;
            }
        }
    }

    /** Reading on would let anyone keep this side busy with bytes that nobody wants. */
    @Test
    void stopsReadingABodyWithoutEnd() throws IOException {
        try (Socket socket = new Socket("localhost", port)) {
            socket.setSoTimeout((int) Patience.LIMIT.toMillis());
            OutputStream out = socket.getOutputStream();
            out.write(crlf(head("Transfer-Encoding: chunked") + "\n"));
            byte[] chunk = padded(CHUNK);
            long sent = 0;
            try {
                while (sent < 1_000_000_000) {
                    writeChunk(out, chunk);
                    sent += CHUNK;
                }
            } catch (IOException closed) {
                // as it should
            }
            assertThat(sent).isLessThan(100_000_000);
        }
    }

    /** Escapes make an event that is larger than its body would be with headers around it. */
    @Test
    void refusesABodyWhoseEventWouldBeOverTheLimit() throws IOException {
        String start = "{\"page_id\":44001,\"question\":\"q\",\"answer\":\"a";
        String escapes = "\\u0001".repeat((limit() - start.length() - 2) / 6);

        Answer answer = RawHttp.send(port, withLength((start + escapes + "\"}").getBytes(StandardCharsets.UTF_8)));

        assertThat(answer.status()).isEqualTo(413);
    }

    private Answer sendChunked(int length) throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.write(crlf(head("Transfer-Encoding: chunked") + "\n"));
        byte[] body = padded(length);
        for (int from = 0; from < length; from += CHUNK) {
            writeChunk(request, Arrays.copyOfRange(body, from, Math.min(length, from + CHUNK)));
        }
        request.write(crlf("0\n\n"));
        return RawHttp.send(port, request.toByteArray());
    }

    private static void writeChunk(OutputStream out, byte[] chunk) throws IOException {
        out.write(crlf(Integer.toHexString(chunk.length) + "\n"));
        out.write(chunk);
        out.write(crlf("\n"));
    }

    private static byte[] withLength(byte[] body) {
        byte[] head = crlf(head("Content-Length: " + body.length) + "\n");
        byte[] all = Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, all, head.length, body.length);
        return all;
    }

    private static String head(String header) {
        return "POST /vault/save HTTP/1.1\nHost: x\nConnection: close\nContent-Type: application/json\n" + header
                + "\n";
    }

    /** A gift with blanks behind it. */
    private static byte[] padded(int length) {
        byte[] body = new byte[length];
        Arrays.fill(body, (byte) ' ');
        byte[] gift = GIFT.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(gift, 0, body, 0, gift.length);
        return body;
    }

    private static byte[] crlf(String text) {
        return text.replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1);
    }

    private int limit() {
        return settings.limits().bodyBytes();
    }
}
