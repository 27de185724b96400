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
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.resource.HttpResource;
import org.springframework.web.servlet.resource.ResourceResolver;
import org.springframework.web.servlet.resource.ResourceResolverChain;
import org.springframework.web.servlet.resource.TransformedResource;

/**
 * The files of the public pages, from memory and packed already. To look for a file in each jar, unpack it and pack it again for
 * each call would cost so much that four hundred connections that ask for files delayed saves by seconds; a path that leads to none
 * would cost as much. Folders that an operator has set ({@code spring.web.resources.static-locations}) come first, and
 * their files are read each time.
 */
@Component
final class PageFiles implements WebMvcConfigurer {

    private static final String CLASS_PATH = "classpath:";
    private static final String SWAGGER_UI = "/webjars/swagger-ui/";
    private static final int WORTH_PACKING = 2_048;

    private final List<String> locations;

    PageFiles(WebProperties properties) {
        this.locations = List.of(properties.getResources().getStaticLocations());
    }

    @Override
    public void addResourceHandlers(ResourceHandlerRegistry registry) {
        String webJar = CLASS_PATH + "/META-INF/resources" + SWAGGER_UI;
        Known swagger = new Known();
        for (String name : List.of("swagger-ui.css", "swagger-ui-bundle.js")) {
            // its folder is named by the version
            find(webJar + "*/" + name).forEach(file -> swagger.add(name, file));
        }
        registry.addResourceHandler(SWAGGER_UI + "**")
                .addResourceLocations(webJar)
                .resourceChain(false)
                .addResolver(swagger);
        String pages = locations.stream()
                .filter(location -> location.startsWith(CLASS_PATH))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "spring.web.resources.static-locations has to name classpath:/static/ as well"));
        String root = pages.substring(CLASS_PATH.length());
        Known known = new Known();
        for (Resource file : find(pages + "**/*")) {
            String url = url(file);
            known.add(url.substring(url.lastIndexOf(root) + root.length()), file);
        }
        registry.addResourceHandler("/**")
                .addResourceLocations(locations.toArray(String[]::new))
                .resourceChain(false)
                .addResolver(known);
    }

    private static List<Resource> find(String pattern) {
        try {
            return Stream.of(new PathMatchingResourcePatternResolver().getResources(pattern))
                    .filter(file -> file.isReadable() && !url(file).endsWith("/"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String url(Resource file) {
        try {
            return file.getURL().toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Files of the class path, as they are and as {@code gzip} packs them, by their path. */
    private static final class Known implements ResourceResolver {

        private final Map<String, Resource> files = new HashMap<>();
        private final Map<String, Resource> packed = new HashMap<>();

        void add(String path, Resource file) {
            ByteArrayOutputStream zip = new ByteArrayOutputStream();
            byte[] bytes;
            try (OutputStream out = new GZIPOutputStream(zip)) {
                bytes = file.getContentAsByteArray();
                out.write(bytes);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
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
