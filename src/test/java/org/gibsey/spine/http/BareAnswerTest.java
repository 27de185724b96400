package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyBoolean;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import jakarta.servlet.WriteListener;
import java.io.EOFException;
import java.io.IOException;
import org.apache.coyote.http11.upgrade.InternalHttpUpgradeHandler;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletResponse;

/** What is written to a connection that has an answer to itself, and how long. */
class BareAnswerTest {

    private static final byte[] BYTES = new byte[10];
    private static final long SILENCE_MS = 5_000;

    private final SocketWrapperBase<?> socket = mock(SocketWrapperBase.class);
    private @Nullable Runnable closed;
    private BareAnswer answer;

    @BeforeEach
    void open() throws IOException {
        when(socket.getWriteTimeout()).thenReturn(SILENCE_MS);
        answer = BareAnswer.begin(
                new BareAnswer.Handover() {
                    @Override
                    public SocketWrapperBase<?> socket() {
                        return socket;
                    }

                    @Override
                    public void to(InternalHttpUpgradeHandler other, Runnable whenClosed) {
                        closed = whenClosed;
                        other.init(null);
                    }
                },
                new MockHttpServletResponse());
        answer.open(mock(WriteListener.class), () -> {});
    }

    /** Tomcat may have given its buffers to another client by then. */
    @Test
    void nothingIsWrittenToAConnectionThatIsClosed() throws IOException {
        when(socket.isReadyForWrite()).thenReturn(true);
        assertThat(answer.isReady()).isTrue();
        closed.run();

        assertThat(answer.isReady()).isFalse();
        assertThatThrownBy(() -> answer.write(BYTES, 0, BYTES.length)).isInstanceOf(EOFException.class);
        assertThatThrownBy(answer::flush).isInstanceOf(EOFException.class);
        verify(socket, never()).write(anyBoolean(), any(byte[].class), anyInt(), anyInt());
        verify(socket, never()).flush(anyBoolean());
    }

    /** A connection that has changed hands may be silent for ever. */
    @Test
    void whoDoesNotReadTheRestOfAnAnswerThatHasEndedIsWaitedForAsLongAsAnybody() throws IOException {
        when(socket.flush(false)).thenReturn(true);
        answer.write(BYTES, 0, BYTES.length);
        answer.flush();

        answer.end(false);

        verify(socket).setWriteTimeout(SILENCE_MS);
    }
}
