package org.gibsey.spine.timeline;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.ser.std.StdScalarSerializer;
import java.io.IOException;
import java.sql.Timestamp;
import org.gibsey.spine.SpineSettings;
import org.springframework.boot.autoconfigure.jackson.Jackson2ObjectMapperBuilderCustomizer;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The parts of the timeline that are no routes: the page and the stream. */
@Configuration(proxyBeanMethods = false)
class TimelineConfiguration {

    @Bean
    ServletRegistrationBean<StreamServlet> vaultStream(VaultFeed feed, Visible visible, SpineSettings settings) {
        ServletRegistrationBean<StreamServlet> stream =
                new ServletRegistrationBean<>(new StreamServlet(feed, visible, settings), StreamServlet.PATH);
        stream.setName("vault-stream");
        stream.setAsyncSupported(true);
        return stream;
    }

    /** The database's times in UTC to the microsecond, which Jackson by itself cuts to milliseconds. */
    @Bean
    Jackson2ObjectMapperBuilderCustomizer timestamps() {
        return json -> json.serializerByType(Timestamp.class, new StdScalarSerializer<>(Timestamp.class) {
            @Override
            public void serialize(Timestamp time, JsonGenerator to, SerializerProvider provider) throws IOException {
                to.writeString(time.toInstant().toString());
            }
        });
    }
}
