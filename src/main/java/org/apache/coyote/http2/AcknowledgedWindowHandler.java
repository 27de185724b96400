package org.apache.coyote.http2;

import java.io.IOException;
import org.apache.coyote.Adapter;
import org.apache.coyote.Request;
import org.apache.tomcat.util.net.SocketWrapperBase;

/**
 * A connection of HTTP/2 whose bodies have a smaller window than the protocol's 65,535 bytes. A client may not know that when it
 * begins, and may fill the window of the protocol (RFC 9113, 6.9.2). Tomcat refuses that: it counts its own window from the
 * beginning, not from the client's acknowledgement. Here it counts from the acknowledgement, or from when more than a few bodies were
 * begun without one, since Tomcat keeps twice the window for each.
 *
 * <p>In Tomcat's package, because nothing public sets what a connection allows. Used as its superclass is: frames come one after the
 * other.
 */
public final class AcknowledgedWindowHandler extends Http2UpgradeHandler {

    /** Their buffers take 1 MiB. */
    private static final int BODIES_BEFORE = 8;

    private int bodies;
    private boolean acknowledgedEarly;

    /**
     * Begins with the settings of the protocol but for the window.
     *
     * @param protocol whose own window is 65,535 bytes
     * @param window   bytes of a body that may come before they are read
     */
    public AcknowledgedWindowHandler(
            Http2Protocol protocol, Adapter adapter, Request request, SocketWrapperBase<?> socket, int window) {
        super(protocol, adapter, request, socket);
        localSettings.set(Setting.INITIAL_WINDOW_SIZE, window);
    }

    @Override
    public void headersEnd(int streamId, boolean isAll) throws Http2Exception {
        if (!isAll && ++bodies == BODIES_BEFORE + 1) {
            acknowledgedEarly = localSettings.ack();
        }
        super.headersEnd(streamId, isAll);
    }

    @Override
    public void settingsEnd(boolean acknowledges) throws IOException {
        if (acknowledges && acknowledgedEarly) {
            acknowledgedEarly = false;
        } else {
            super.settingsEnd(acknowledges);
        }
    }
}
