package org.gibsey.spine.timeline;

import java.util.Locale;
import java.util.Map;
import org.gibsey.spine.SpineSettings;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** {@code GET /auth.json}: what the page has to know to sign readers in. Nothing of it is secret. */
@RestController
class SignIn {

    private final Map<String, String> settings;

    SignIn(SpineSettings settings) {
        SpineSettings.Auth auth = settings.auth();
        this.settings = auth.isOn()
                ? Map.of(
                        "read", auth.read().name().toLowerCase(Locale.ROOT),
                        "issuer", auth.issuer(),
                        "key", auth.publishableKey())
                : Map.of();
    }

    /** An empty object where no readers are known. */
    @GetMapping(path = "/auth.json", produces = "application/json")
    ResponseEntity<Map<String, String>> auth() {
        return ResponseEntity.ok().cacheControl(CacheControl.noStore()).body(settings);
    }
}
