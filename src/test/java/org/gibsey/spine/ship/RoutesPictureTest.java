package org.gibsey.spine.ship;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The picture of the architecture is of the routes as they are. */
class RoutesPictureTest {

    private static final Path PICTURE = Path.of("docs/images/architecture.svg");

    @Test
    void isDrawnFromTheRoutesThereAre() throws IOException {
        String drawn = RoutesPicture.draw();
        Path fresh = Files.writeString(Path.of("target/architecture.svg"), drawn);

        assertThat(Yaml.text(PICTURE))
                .as("the routes have changed: cp %s %s", fresh, PICTURE)
                .isEqualTo(drawn);
    }
}
