package org.gibsey.spine.hostile;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The bytes that a client of HTTP/2 (RFC 9113) sends, written down before they are sent: also those that no client library would
 * send. Begins with the preface. Not thread-safe.
 */
final class Http2Frames {

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RESET = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;
    static final int GO_AWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int END_STREAM = 1;
    static final int END_HEADERS = 4;

    private static final int INITIAL_WINDOW_SIZE = 4;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int nextStream = 1;

    private Http2Frames() {}

    /** @param window bytes of an answer that may come before more are asked for */
    static Http2Frames begin(int window) {
        Http2Frames frames = new Http2Frames();
        frames.bytes.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        byte[] settings = ByteBuffer.allocate(6)
                .putShort((short) INITIAL_WINDOW_SIZE)
                .putInt(window)
                .array();
        return frames.frame(SETTINGS, 0, 0, settings).frame(WINDOW_UPDATE, 0, 0, number(1 << 30));
    }

    /** More frames of a connection that has begun: without the preface. */
    static Http2Frames more() {
        return new Http2Frames();
    }

    Http2Frames frame(int type, int flags, int stream, byte[] payload) {
        bytes.writeBytes(ByteBuffer.allocate(9)
                .putInt(payload.length << 8 | type)
                .put((byte) flags)
                .putInt(stream)
                .array());
        bytes.writeBytes(payload);
        return this;
    }

    /** Many calls without a body. */
    Http2Frames get(String path, int calls) {
        for (int i = 0; i < calls; i++) {
            frame(HEADERS, END_HEADERS | END_STREAM, stream(), head("GET", path, Map.of()));
        }
        return this;
    }

    /** Many calls that are taken back at once. */
    Http2Frames getAndReset(String path, int calls) {
        for (int i = 0; i < calls; i++) {
            int stream = stream();
            frame(HEADERS, END_HEADERS | END_STREAM, stream, head("GET", path, Map.of()));
            frame(RESET, 0, stream, number(8));
        }
        return this;
    }

    /** Many calls that announce a body and send the beginning of it. */
    Http2Frames announce(String path, int calls, int length, byte[] beginning) {
        for (int i = 0; i < calls; i++) {
            int stream = stream();
            frame(HEADERS, END_HEADERS, stream, head("POST", path, Map.of("content-length", Integer.toString(length))));
            if (beginning.length > 0) {
                frame(DATA, 0, stream, beginning);
            }
        }
        return this;
    }

    /** A stream number that is not used yet. */
    int stream() {
        int stream = nextStream;
        nextStream += 2;
        return stream;
    }

    static byte[] number(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    /** HPACK (RFC 7541) at its simplest: each field a literal that no table remembers. */
    static byte[] head(String method, String path, Map<String, String> more) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        field(block, ":method", method);
        field(block, ":scheme", "http");
        field(block, ":authority", "localhost");
        field(block, ":path", path);
        field(block, "content-type", "application/json");
        more.forEach((name, value) -> field(block, name, value));
        return block.toByteArray();
    }

    private static void field(ByteArrayOutputStream block, String name, String value) {
        block.write(0);
        text(block, name);
        text(block, value);
    }

    static void text(ByteArrayOutputStream block, String text) {
        int rest = text.length() - 127;
        block.write(Math.min(text.length(), 127));
        for (; rest >= 128; rest >>= 7) {
            block.write((rest & 127) | 128);
        }
        if (text.length() >= 127) {
            block.write(rest);
        }
        block.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }
}
