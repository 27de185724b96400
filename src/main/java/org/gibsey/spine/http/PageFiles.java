package org.gibsey.spine.http;

import jakarta.servlet.http.HttpServletRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.tomcat.util.http.parser.AcceptEncoding;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.web.WebProperties;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.ViewControllerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.resource.HttpResource;
import org.springframework.web.servlet.resource.ResourceResolver;
import org.springframework.web.servlet.resource.ResourceResolverChain;
import org.springframework.web.servlet.resource.TransformedResource;

/**
 * The files of the public pages, and the contract: {@code /openapi.yaml} for programs, {@code /docs} for people.
 *
 * <p>Pages come from memory and packed already. To look for a file in each jar, unpack it and pack it again for
 * each call would cost so much that four hundred connections that ask for files delayed saves by seconds; a path that leads to none
 * would cost as much. Folders that an operator has set ({@code spring.web.resources.static-locations}) come first, and
 * their files are read each time.
 */
@RestController
final class PageFiles implements WebMvcConfigurer {

    private static final String CLASS_PATH = "classpath:";
    private static final String SWAGGER_UI = "/webjars/swagger-ui/";
    private static final String WEB_JAR = CLASS_PATH + "/META-INF/resources" + SWAGGER_UI;
    private static final int WORTH_PACKING = 2_048;

    private final String[] locations;
    private final Known pages = new Known();
    private final Known swagger = new Known();
    private final byte[] contract = new ClassPathResource("openapi.yaml").getContentAsByteArray();

    PageFiles(WebProperties properties) throws IOException {
        this.locations = properties.getResources().getStaticLocations();
        String root = Stream.of(locations)
                .filter(location -> location.startsWith(CLASS_PATH))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "spring.web.resources.static-locations has to name classpath:/static/ as well"));
        pages.add(root + "**/*", root.substring(CLASS_PATH.length()));
        // their folder is named by the version
        swagger.add(WEB_JAR + "*/swagger-ui.css", "/");
        swagger.add(WEB_JAR + "*/swagger-ui-bundle.js", "/");
    }

    @GetMapping(path = "/openapi.yaml", produces = MediaType.APPLICATION_YAML_VALUE)
    byte[] openApi() {
        return contract;
    }

    @Override
    public void addViewControllers(ViewControllerRegistry registry) {
        registry.addViewController("/docs").setViewName("forward:/docs/index.html");
        registry.addRedirectViewController("/docs/", "/docs");
    }

    @Override
    public void addResourceHandlers(ResourceHandlerRegistry registry) {
        registry.addResourceHandler(SWAGGER_UI + "**")
                .addResourceLocations(WEB_JAR)
                .resourceChain(false)
                .addResolver(swagger);
        registry.addResourceHandler("/**")
                .addResourceLocations(locations)
                .resourceChain(false)
                .addResolver(pages);
    }

    /** Files of the class path, as they are and as {@code gzip} packs them, by their path. */
    private static final class Known implements ResourceResolver {

        private final Map<String, Resource> files = new HashMap<>();
        private final Map<String, Resource> packed = new HashMap<>();

        /** @param root the path of a file is what comes after the last of it */
        void add(String pattern, String root) throws IOException {
            for (Resource file : new PathMatchingResourcePatternResolver().getResources(pattern)) {
                String url = file.getURL().toString();
                if (file.isReadable() && !url.endsWith("/")) {
                    pack(file, url.substring(url.lastIndexOf(root) + root.length()));
                }
            }
        }

        private void pack(Resource file, String path) throws IOException {
            byte[] bytes = file.getContentAsByteArray();
            ByteArrayOutputStream zip = new ByteArrayOutputStream();
            try (OutputStream out = new GZIPOutputStream(zip)) {
                out.write(bytes);
            }
            files.put(path, new TransformedResource(file, bytes));
            // fonts are packed as they are
            if (bytes.length >= WORTH_PACKING && zip.size() < bytes.length * 9 / 10) {
                packed.put(path, new Packed(file, zip.toByteArray()));
            }
        }

        @Override
        public @Nullable Resource resolveResource(
                @Nullable HttpServletRequest request,
                String path,
                List<? extends Resource> locations,
                ResourceResolverChain chain) {
            List<? extends Resource> folders = locations.stream()
                    .filter(location -> !(location instanceof ClassPathResource))
                    .toList();
            Resource own = folders.isEmpty() ? null : chain.resolveResource(request, path, folders);
            if (own != null) {
                return own;
            }
            Resource smaller = packed.get(path);
            return smaller != null && takesGzip(request) ? smaller : files.get(path);
        }

        private static boolean takesGzip(@Nullable HttpServletRequest request) {
            String accepted = request == null ? null : request.getHeader(HttpHeaders.ACCEPT_ENCODING);
            try {
                return accepted != null
                        && AcceptEncoding.parse(new StringReader(accepted)).stream()
                                .anyMatch(one -> one.getEncoding().equals("gzip") && one.getQuality() > 0);
            } catch (IOException e) {
                throw new UncheckedIOException("reading from memory does not fail", e);
            }
        }

        @Override
        public @Nullable String resolveUrlPath(
                String path, List<? extends Resource> locations, ResourceResolverChain chain) {
            return files.containsKey(path) ? path : null;
        }
    }

    private static final class Packed extends TransformedResource implements HttpResource {

        Packed(Resource file, byte[] bytes) {
            super(file, bytes);
        }

        @Override
        public HttpHeaders getResponseHeaders() {
            HttpHeaders headers = new HttpHeaders();
            headers.set(HttpHeaders.CONTENT_ENCODING, "gzip");
            headers.set(HttpHeaders.VARY, HttpHeaders.ACCEPT_ENCODING);
            return headers;
        }
    }
}
