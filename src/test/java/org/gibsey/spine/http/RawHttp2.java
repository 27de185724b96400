package org.gibsey.spine.http;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * One connection that speaks HTTP/2 frame by frame from its first byte, for calls that no client library would make. Not
 * thread-safe.
 */
final class RawHttp2 implements AutoCloseable {

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int RESET = 3;
    static final int GO_AWAY = 7;

    /** The initial window of the protocol, bytes. */
    static final int WINDOW = 65_535;

    private static final int SETTINGS = 4;
    private static final int WINDOW_UPDATE = 8;
    private static final int INITIAL_WINDOW_SIZE = 4;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int ACKNOWLEDGED = 1;
    private static final int CANCEL = 8;
    private static final int PATIENCE_MS = 60_000;

    private final Socket socket;
    private final DataOutputStream out;
    private final DataInputStream in;
    private int nextStream = 1;
    private String serverSettings = "";

    /** @param payload as text */
    record Frame(int type, int flags, int stream, String payload) {

        boolean isLast() {
            return type == RESET || ((type == DATA || type == HEADERS) && (flags & END_STREAM) != 0);
        }
    }

    private RawHttp2(Socket socket) throws IOException {
        this.socket = socket;
        this.out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
        this.in = new DataInputStream(socket.getInputStream());
    }

    /**
     * Opens one.
     *
     * @param from   last number of the loopback address it comes from
     * @param window bytes of an answer that may come before they are asked for
     */
    static RawHttp2 open(int port, int from, int window) throws IOException {
        RawHttp2 connection = openUnbounded(port, from, window);
        connection.frame(SETTINGS, ACKNOWLEDGED, 0, new byte[0]);
        return connection;
    }

    /** The same without acknowledging what the server allows, so that it may not count on it. */
    static RawHttp2 openUnbounded(int port, int from, int window) throws IOException {
        RawHttp2 connection = new RawHttp2(new Socket(
                InetAddress.getLoopbackAddress(),
                port,
                InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) from}),
                0));
        connection.begin(window);
        return connection;
    }

    private void begin(int window) throws IOException {
        socket.setSoTimeout(PATIENCE_MS);
        out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        byte[] settings = ByteBuffer.allocate(6)
                .putShort((short) INITIAL_WINDOW_SIZE)
                .putInt(window)
                .array();
        frame(SETTINGS, 0, 0, settings);
        // the connection as a whole has room for all answers
        frame(WINDOW_UPDATE, 0, 0, ByteBuffer.allocate(4).putInt(1 << 24).array());
        out.flush();
        // how many calls there may be at once counts from its acknowledgement on
        Frame first = read();
        if (first.type != SETTINGS) {
            throw new AssertionError("the server does not begin with its settings: " + first);
        }
        serverSettings = first.payload;
    }

    /** What the server began with, two bytes of a name and four of a value each. */
    String settings() {
        return serverSettings;
    }

    /**
     * Sends a call without a body.
     *
     * @return its stream
     */
    int get(String path) throws IOException {
        return get(path, Map.of());
    }

    /** @param more header fields, their names in lower case */
    int get(String path, Map<String, String> more) throws IOException {
        Map<String, String> fields = new HashMap<>(more);
        fields.putAll(Map.of(":method", "GET", ":scheme", "http", ":authority", "localhost", ":path", path));
        int stream = head(fields, END_STREAM);
        out.flush();
        return stream;
    }

    /** Sends a call with a JSON body, sooner or later: see {@link #flush}. */
    void post(String path, String body) throws IOException {
        post(path, body, Map.of());
    }

    /** @param more header fields, their names in lower case */
    void post(String path, String body, Map<String, String> more) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        Map<String, String> fields = new HashMap<>(more);
        fields.putAll(save(path, bytes.length));
        frame(DATA, END_STREAM, head(fields, 0), bytes);
    }

    private static Map<String, String> save(String path, int length) {
        return Map.of(
                ":method", "POST",
                ":scheme", "http",
                ":authority", "localhost",
                ":path", path,
                "content-type", "application/json",
                "content-length", Integer.toString(length));
    }

    /**
     * Announces a JSON body, and sends nothing of it.
     *
     * @return its stream
     */
    int announce(String path, int length) throws IOException {
        int stream = head(save(path, length), 0);
        out.flush();
        return stream;
    }

    /** Sends the next bytes of a body that was announced; the protocol allows 16,384 in a frame. */
    void send(int stream, byte[] bytes, boolean isLast) throws IOException {
        frame(DATA, isLast ? END_STREAM : 0, stream, bytes);
        out.flush();
    }

    /** Takes a call back. */
    void reset(int stream) throws IOException {
        frame(RESET, 0, stream, ByteBuffer.allocate(4).putInt(CANCEL).array());
        out.flush();
    }

    void flush() throws IOException {
        out.flush();
    }

    /** Lets more bytes of an answer come. */
    void widen(int stream, int bytes) throws IOException {
        frame(WINDOW_UPDATE, 0, stream, ByteBuffer.allocate(4).putInt(bytes).array());
        out.flush();
    }

    /** Waits for the end of so many answers, of any calls; their bodies. */
    Collection<String> answers(int calls) throws IOException {
        Map<Integer, String> bodies = new TreeMap<>();
        for (int ended = 0; ended < calls; ) {
            Frame frame = read();
            if (frame.type == GO_AWAY) {
                throw new AssertionError("after %d answers the server closes the connection: %s %s"
                        .formatted(ended, frame.payload, bodies));
            }
            if (frame.type == RESET && !bodies.containsKey(frame.stream)) {
                throw new AssertionError("the server resets stream " + frame.stream + " without an answer");
            }
            if (frame.type == DATA) {
                bodies.merge(frame.stream, frame.payload, String::concat);
            }
            if (frame.type != RESET && frame.isLast()) {
                ended++;
            }
        }
        return bodies.values();
    }

    Frame read() throws IOException {
        int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
        return new Frame(
                in.readUnsignedByte(),
                in.readUnsignedByte(),
                in.readInt(),
                new String(in.readNBytes(length), StandardCharsets.UTF_8));
    }

    private int head(Map<String, String> fields, int flags) throws IOException {
        int stream = nextStream;
        nextStream += 2;
        frame(HEADERS, END_HEADERS | flags, stream, block(fields));
        return stream;
    }

    private void frame(int type, int flags, int stream, byte[] payload) throws IOException {
        out.writeShort(payload.length >> 8);
        out.writeByte(payload.length);
        out.writeByte(type);
        out.writeByte(flags);
        out.writeInt(stream);
        out.write(payload);
    }

    /** HPACK at its simplest: each field a literal that no table remembers, pseudo header fields first. */
    private static byte[] block(Map<String, String> fields) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        new TreeMap<>(fields).forEach((name, value) -> {
            block.write(0);
            block.write(name.length());
            block.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
            // RFC 7541, section 5.1: seven bits, and beyond them seven bits a byte
            if (value.length() < 127) {
                block.write(value.length());
            } else {
                block.write(127);
                int rest = value.length() - 127;
                for (; rest > 127; rest >>= 7) {
                    block.write((rest & 127) | 128);
                }
                block.write(rest);
            }
            block.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
        });
        return block.toByteArray();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
