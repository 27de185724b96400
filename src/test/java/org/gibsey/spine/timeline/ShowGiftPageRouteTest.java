package org.gibsey.spine.timeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.apache.camel.EndpointInject;
import org.apache.camel.component.mock.MockEndpoint;
import org.gibsey.spine.MockedRoutes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;

/** The route of routes/show-gift-page.camel.yaml, called over HTTP, with the table mocked. */
class ShowGiftPageRouteTest extends MockedRoutes {

    private static final String ID = "01a20810-5877-7710-91b0-12b1f8bbbda1";

    @EndpointInject("mock:to-vault-preview")
    MockEndpoint vault;

    @BeforeEach
    void nothingIsFound() {
        answers(null);
    }

    @Test
    void saysInItsHeadWhatIsInTheGift() {
        answers(Map.of("page_id", 7L, "question", "Who reads\n this?", "answer", "Whoever\u00A0has the page open."));

        ResponseEntity<String> page = show(ID.toUpperCase(Locale.ROOT));

        assertThat(page.getStatusCode().value()).isEqualTo(200);
        assertThat(page.getHeaders().getContentType()).hasToString("text/html;charset=utf-8");
        assertThat(page.getHeaders().getFirst("Content-Security-Policy")).startsWith("default-src 'none'");
        assertThat(page.getBody())
                .contains(
                        "<title>Who reads this? · The Gibsey Vault</title>",
                        "<meta name=\"description\" content=\"Whoever has the page open.\">",
                        "<meta property=\"og:title\" content=\"Who reads this?\">",
                        "<meta property=\"og:description\" content=\"Whoever has the page open.\">",
                        "<link rel=\"canonical\" href=\"" + http.getRootUri() + "/gifts/" + ID + "\">",
                        "<meta property=\"og:url\" content=\"" + http.getRootUri() + "/gifts/" + ID + "\">",
                        "<meta property=\"og:image\" content=\"" + http.getRootUri() + "/book/icon.png\">")
                .doesNotContain("noindex", "<!--head-->");
    }

    @Test
    void namesAnImageThatIsThere() throws IOException {
        ResponseEntity<byte[]> image = http.getForEntity("/book/icon.png", byte[].class);

        assertThat(image.getStatusCode().value()).isEqualTo(200);
        assertThat(image.getHeaders().getContentType()).isEqualTo(MediaType.IMAGE_PNG);
        assertThat(image.getBody()).hasSizeLessThan(20_000);
        BufferedImage sign = ImageIO.read(new ByteArrayInputStream(image.getBody()));
        assertThat(sign.getWidth()).isEqualTo(sign.getHeight()).isGreaterThanOrEqualTo(300);
    }

    @Test
    void whatAReaderWroteIsTextInIt() {
        answers(Map.of(
                "page_id",
                7L,
                "question",
                "</title><script>alert(1)</script>",
                "answer",
                "\"><img src=x onerror='alert(1)'> $1 %s <!--head-->"));

        String page = show(ID).getBody();

        assertThat(page)
                .doesNotContain("<script>", "<img", "onerror='", "<!--head-->")
                .contains(
                        "<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; · The Gibsey Vault</title>",
                        "content=\"&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt; $1 %s &lt;!--head--&gt;\"");
    }

    @Test
    void cutsBetweenCharactersAndNotWithinOne() {
        answers(Map.of("page_id", 7L, "question", "😀".repeat(91), "answer", "😀".repeat(200)));

        assertThat(show(ID).getBody())
                .contains("og:title\" content=\"" + "😀".repeat(90) + "…\"")
                .contains("og:description\" content=\"" + "😀".repeat(200) + "\"");
    }

    @Test
    void isThePageWithoutAPreviewForAGiftThatIsNotInTheVault() {
        ResponseEntity<String> page = show(ID);

        assertThat(page.getStatusCode().value()).isEqualTo(404);
        assertThat(page.getBody())
                .startsWith("<!doctype html>")
                .contains("<title>A gift · The Gibsey Vault</title>", "noindex");
    }

    @Test
    void asksNoTableForWhatIsNoUuid() throws Exception {
        vault.expectedMessageCount(0);

        ResponseEntity<String> page = show("7\"><b>");

        vault.assertIsSatisfied();
        assertThat(page.getStatusCode().value()).isEqualTo(404);
        assertThat(page.getBody()).doesNotContain("<b>");
    }

    private ResponseEntity<String> show(String id) {
        return http.getForEntity("/gifts/{id}", String.class, id);
    }

    private void answers(@Nullable Map<String, Object> row) {
        vault.whenAnyExchangeReceived(exchange -> exchange.getMessage().setBody(row));
    }
}
