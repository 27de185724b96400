package org.gibsey.spine.timeline;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.gibsey.spine.SpineSettings;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * {@code GET /auth.json}: how the page signs readers in, the limits of its form, and whether it offers changes where no readers
 * are known. Nothing of it is secret.
 */
@RestController
class SignIn {

    private final Map<String, Object> settings = new HashMap<>();

    SignIn(SpineSettings spine) {
        settings.put("question_chars", spine.limits().questionChars());
        settings.put("answer_chars", spine.limits().answerChars());
        SpineSettings.Auth auth = spine.auth();
        if (auth.isOn()) {
            settings.put("read", auth.read().name().toLowerCase(Locale.ROOT));
            settings.put("issuer", auth.issuer());
            settings.put("key", auth.publishableKey());
        } else {
            settings.put("changes", spine.changes().anonymous());
        }
    }

    /** Of an issuer only where readers are known. */
    @GetMapping("/auth.json")
    ResponseEntity<Map<String, Object>> auth() {
        return ResponseEntity.ok()
                // whatever Accept says: nothing here can write UTF-16, and an attempt would be logged as a defect
                .contentType(MediaType.APPLICATION_JSON)
                .cacheControl(CacheControl.noStore())
                .body(settings);
    }
}
