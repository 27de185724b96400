package org.gibsey.spine.http;

import java.io.IOException;
import org.springframework.core.io.ClassPathResource;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.config.annotation.ViewControllerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** The contract: {@code /openapi.yaml} for programs, {@code /docs} for people. */
@RestController
class ApiDocs implements WebMvcConfigurer {

    private final byte[] contract;

    ApiDocs() throws IOException {
        this.contract = new ClassPathResource("openapi.yaml").getContentAsByteArray();
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
}
