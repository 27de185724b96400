package org.gibsey.spine.timeline;

import java.util.UUID;
import org.gibsey.spine.SpineSettings;
import org.gibsey.spine.http.Refused;
import org.gibsey.spine.identity.Caller;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/** Whose gifts a call shows. Everything that reads the vault for the public asks here. Thread-safe. */
@Component
final class Visible {

    private final SpineSettings.Auth auth;

    @Autowired
    Visible(SpineSettings settings) {
        this(settings.auth());
    }

    Visible(SpineSettings.Auth auth) {
        this.auth = auth;
    }

    /**
     * The one reader whose gifts a call shows.
     *
     * @param caller null for a call without a token
     * @return null for everybody's
     * @throws Refused if readers see their own gifts only, and this call is nobody's
     */
    @Nullable
    UUID to(@Nullable Caller caller) throws Refused {
        if (!auth.isOwn()) {
            return null;
        }
        if (caller == null) {
            throw Refused.signIn();
        }
        return caller.reader();
    }
}
