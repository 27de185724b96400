package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.autoconfigure.web.WebProperties;
import org.springframework.context.annotation.AnnotatedBeanDefinitionReader;
import org.springframework.http.HttpHeaders;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.mock.web.MockServletContext;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockMvcRequestBuilders;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.web.context.support.GenericWebApplicationContext;
import org.springframework.web.servlet.config.annotation.EnableWebMvc;

class PageFilesTest {

    @TempDir
    Path folder;

    @Test
    void packsAFileForWhoTakesItPacked() throws Exception {
        MockMvc pages = pages("classpath:/static/");

        MockHttpServletResponse plain = get(pages, "/timeline/main.js", "");
        MockHttpServletResponse packed = get(pages, "/timeline/main.js", "br, gzip;q=0.5");

        assertThat(plain.getHeader(HttpHeaders.CONTENT_ENCODING)).isNull();
        assertThat(packed.getHeader(HttpHeaders.CONTENT_ENCODING)).isEqualTo("gzip");
        assertThat(packed.getHeader(HttpHeaders.VARY)).isEqualTo("Accept-Encoding");
        assertThat(packed.getContentType()).isEqualTo(plain.getContentType()).startsWith("text/javascript");
        assertThat(packed.getDateHeader(HttpHeaders.LAST_MODIFIED))
                .isEqualTo(plain.getDateHeader(HttpHeaders.LAST_MODIFIED))
                .isPositive();
        assertThat(packed.getContentAsByteArray().length).isLessThan(plain.getContentAsByteArray().length / 2);
        assertThat(new GZIPInputStream(new ByteArrayInputStream(packed.getContentAsByteArray())))
                .hasBinaryContent(plain.getContentAsByteArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip;q=0", "br, gzip; q=0.0", "identity", "x-gzipped", "gzip;q=no"})
    void leavesAFileAsItIsForWhoDoesNotTakeItPacked(String encodings) throws Exception {
        MockHttpServletResponse answer = get(pages("classpath:/static/"), "/timeline/main.js", encodings);

        assertThat(answer.getHeader(HttpHeaders.CONTENT_ENCODING)).isNull();
        assertThat(answer.getStatus()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/index.html", "/docs/index.html", "/webjars/swagger-ui/swagger-ui-bundle.js"})
    void hasThePages(String path) throws Exception {
        assertThat(get(pages("classpath:/static/"), path, "").getStatus()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/nowhere", "/timeline", "/timeline/", "/timeline/..%2findex.html", "/application.yaml"})
    void hasNoOthers(String path) throws Exception {
        assertThat(get(pages("classpath:/static/"), path, "gzip").getStatus()).isEqualTo(404);
    }

    @Test
    void filesOfAFolderThatIsSetComeFirstAndMayChange() throws Exception {
        Path symbols = Files.createDirectory(folder.resolve("timeline")).resolve("symbols.json");
        Files.writeString(symbols, "[1]");
        MockMvc pages = pages(folder.toUri().toString(), "classpath:/static/");

        assertThat(get(pages, "/timeline/symbols.json", "gzip").getContentAsString())
                .isEqualTo("[1]");
        Files.writeString(symbols, "[1, 2]");
        assertThat(get(pages, "/timeline/symbols.json", "gzip").getContentAsString())
                .isEqualTo("[1, 2]");
        assertThat(get(pages, "/timeline/main.js", "").getStatus()).isEqualTo(200);
    }

    private static MockHttpServletResponse get(MockMvc pages, String path, String encodings) throws Exception {
        return pages.perform(MockMvcRequestBuilders.get(java.net.URI.create(path))
                        .header(HttpHeaders.ACCEPT_ENCODING, encodings))
                .andReturn()
                .getResponse();
    }

    private static MockMvc pages(String... locations) throws IOException {
        WebProperties properties = new WebProperties();
        properties.getResources().setStaticLocations(locations);
        GenericWebApplicationContext context = new GenericWebApplicationContext(new MockServletContext());
        new AnnotatedBeanDefinitionReader(context).register(Mvc.class);
        PageFiles files = new PageFiles(properties);
        context.registerBean(PageFiles.class, () -> files);
        context.refresh();
        return MockMvcBuilders.webAppContextSetup(context).build();
    }

    @EnableWebMvc
    static class Mvc {}
}
