package org.gibsey.spine.http;

import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.RETURNS_DEEP_STUBS;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.catalina.connector.CoyoteAdapter;
import org.apache.coyote.ActionCode;
import org.apache.coyote.Adapter;
import org.apache.coyote.Request;
import org.apache.coyote.Response;
import org.apache.tomcat.util.net.SocketEvent;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.junit.jupiter.api.Test;

/** What becomes of the calls of a connection of HTTP/2, and of what Tomcat keeps for them. */
class PriorKnowledgeTest {

    private final Adapter server = mock(Adapter.class);
    private final SocketWrapperBase<?> connection = mock(SocketWrapperBase.class);
    private final PriorKnowledge.Calls calls = new PriorKnowledge.Calls(server, connection);
    private final Request request = mock(Request.class);
    private final Response response = mock(Response.class);

    @Test
    void aCallThatEndsGivesItsBuffersBack() throws Exception {
        calls.service(request, response);

        verify(server).service(request, response);
        verify(request).setNote(CoyoteAdapter.ADAPTER_NOTES, null);
        verify(response).setNote(CoyoteAdapter.ADAPTER_NOTES, null);
    }

    @Test
    void aTimelineKeepsItsBuffersUntilItsEnd() throws Exception {
        AtomicBoolean goesOn = new AtomicBoolean(true);
        doAnswer(asked -> {
                    asked.getArgument(1, AtomicBoolean.class).set(goesOn.get());
                    return null;
                })
                .when(request)
                .action(eq(ActionCode.ASYNC_IS_ASYNC), any());

        calls.service(request, response);
        verify(request, never()).setNote(anyInt(), any());

        goesOn.set(false);
        calls.asyncDispatch(request, response, SocketEvent.OPEN_READ);
        verify(request).setNote(CoyoteAdapter.ADAPTER_NOTES, null);
    }

    @Test
    void aCallWhoseConnectionIsGoneIsNotBegun() throws Exception {
        when(connection.isClosed()).thenReturn(true);

        calls.service(request, response);

        verify(server, never()).service(any(), any());
        verify(response).action(ActionCode.CLOSE_NOW, null);
    }

    /** Its calls may still wait for their turn: who opened connections, filled them and left would have them as well. */
    @Test
    void aConnectionThatIsGoneCountsForAWhile() {
        SocketWrapperBase<?> gone = mock(SocketWrapperBase.class, RETURNS_DEEP_STUBS);
        when(gone.isClosed()).thenReturn(true);
        when(gone.getRemoteAddr()).thenReturn("192.0.2.1");
        AtomicLong now = new AtomicLong();
        // 16 connections, of which one address has half
        PriorKnowledge http2 = new PriorKnowledge(256L << 20, now::get);

        for (int i = 0; i < 8; i++) {
            http2.getInternalUpgradeHandler(gone, server, null);
        }
        verify(gone, never()).close();

        now.addAndGet(TimeUnit.SECONDS.toNanos(5));
        http2.getInternalUpgradeHandler(gone, server, null);
        verify(gone).close();

        now.incrementAndGet();
        http2.getInternalUpgradeHandler(gone, server, null);
        verify(gone).close();
    }
}
