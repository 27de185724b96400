package org.gibsey.spine.http;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;

/** Saves on one connection that speaks HTTP/2 from its first byte, which Java's own client does not do without TLS. */
final class Http2Saves implements AutoCloseable {

    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int GO_AWAY = 7;
    private static final int WINDOW_UPDATE = 8;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;
    private static final int ACKNOWLEDGED = 1;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;

    private Http2Saves(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(socket.getInputStream());
        this.out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream()));
    }

    static Http2Saves connect(int port) throws IOException {
        Http2Saves calls = new Http2Saves(new Socket("localhost", port));
        calls.greet();
        return calls;
    }

    /** Sends them all before it reads; what they were answered, as text. */
    static Collection<String> send(int port, int calls, IntFunction<String> gift) throws IOException {
        try (Http2Saves connection = connect(port)) {
            byte[] head = head(Map.of());
            for (int i = 0; i < calls; i++) {
                frame(connection.out, HEADERS, END_HEADERS, 2 * i + 1, head);
                frame(connection.out, DATA, END_STREAM, 2 * i + 1, gift.apply(i).getBytes(StandardCharsets.UTF_8));
            }
            connection.out.flush();
            return connection.answers(calls);
        }
    }

    /** Announces a body, and sends nothing of it. */
    void begin(int call, int length) throws IOException {
        frame(out, HEADERS, END_HEADERS, 2 * call + 1, head(Map.of("content-length", Integer.toString(length))));
        out.flush();
    }

    /** Waits for the end of so many answers, of any calls. */
    Collection<String> answers(int calls) throws IOException {
        Map<Integer, String> bodies = new TreeMap<>();
        for (int ended = 0; ended < calls; ) {
            Frame frame = Frame.read(in);
            if (frame.type == GO_AWAY) {
                throw new AssertionError(
                        "after " + ended + " answers the server closes the connection: " + frame.payload + bodies);
            }
            if (frame.type == RST_STREAM && !bodies.containsKey(frame.stream)) {
                throw new AssertionError("the server resets stream " + frame.stream + " without an answer");
            }
            if (frame.type == DATA) {
                bodies.merge(frame.stream, frame.payload, String::concat);
            }
            if ((frame.type == DATA || frame.type == HEADERS) && (frame.flags & END_STREAM) != 0) {
                ended++;
            }
        }
        return bodies.values();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private void greet() throws IOException {
        socket.setSoTimeout(60_000);
        out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        frame(out, SETTINGS, 0, 0, new byte[0]);
        // room for all answers
        frame(out, WINDOW_UPDATE, 0, 0, ByteBuffer.allocate(4).putInt(1 << 24).array());
        out.flush();
        // how many calls there may be at once counts from its acknowledgement on
        Frame settings = Frame.read(in);
        if (settings.type != SETTINGS) {
            throw new AssertionError("the server does not begin with its settings: " + settings);
        }
        frame(out, SETTINGS, ACKNOWLEDGED, 0, new byte[0]);
    }

    private record Frame(int type, int flags, int stream, String payload) {

        static Frame read(DataInputStream in) throws IOException {
            int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
            return new Frame(
                    in.readUnsignedByte(),
                    in.readUnsignedByte(),
                    in.readInt(),
                    new String(in.readNBytes(length), StandardCharsets.UTF_8));
        }
    }

    private static void frame(DataOutputStream out, int type, int flags, int stream, byte[] payload)
            throws IOException {
        out.writeShort(payload.length >> 8);
        out.writeByte(payload.length);
        out.writeByte(type);
        out.writeByte(flags);
        out.writeInt(stream);
        out.write(payload);
    }

    private static byte[] head(Map<String, String> more) {
        Map<String, String> fields = new TreeMap<>(more);
        fields.putAll(Map.of(
                ":method", "POST",
                ":scheme", "http",
                ":authority", "localhost",
                ":path", "/vault/save",
                "content-type", "application/json"));
        return fields(fields);
    }

    /** HPACK at its simplest: each field a literal that no table remembers, pseudo header fields first. */
    private static byte[] fields(Map<String, String> fields) {
        ByteArrayOutputStream block = new ByteArrayOutputStream();
        new TreeMap<>(fields).forEach((name, value) -> {
            block.write(0);
            block.write(name.length());
            block.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
            block.write(value.length());
            block.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
        });
        return block.toByteArray();
    }
}
