package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.apache.catalina.core.StandardContext;
import org.apache.tomcat.util.descriptor.web.FilterMap;
import org.gibsey.spine.embedded.SpineIT;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.web.embedded.tomcat.TomcatWebServer;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;

@SpineIT
class FilterOrderIT {

    @Autowired
    ServletWebServerApplicationContext application;

    @Test
    void tracesACallBeforeItIsRefusedOrWaits() {
        TomcatWebServer server = (TomcatWebServer) application.getWebServer();
        StandardContext tomcat = (StandardContext) server.getTomcat().getHost().findChildren()[0];

        List<String> filters = Arrays.stream(tomcat.findFilterMaps())
                .map(FilterMap::getFilterName)
                .map(name -> tomcat.findFilterDef(name).getFilterClass())
                .map(name -> name.substring(name.lastIndexOf('.') + 1))
                .toList();

        assertThat(filters)
                .containsSubsequence(
                        "TraceFilter", "ServerHttpObservationFilter", "CorsFilter", "BodyFilter", "RequestGate");
    }
}
