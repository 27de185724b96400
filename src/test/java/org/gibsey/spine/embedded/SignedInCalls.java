package org.gibsey.spine.embedded;

import jakarta.servlet.ServletException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.ContextConfigurationAttributes;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.ContextCustomizerFactory;
import org.springframework.test.context.MergedContextConfiguration;
import org.springframework.util.function.SingletonSupplier;

/**
 * With the system property {@code signed.in.calls} every application of a test knows readers, who may read everyone's gifts, and each call
 * without an {@code Authorization} header is given a good token, of another reader for each address: as if all the clients of the tests had
 * signed in. So tests that were written for callers whom nobody knows tell whether anything else changes when they are known.
 */
public final class SignedInCalls implements ContextCustomizerFactory {

    private static final boolean ARE_WANTED = Boolean.getBoolean("signed.in.calls");
    private static final SingletonSupplier<TestIssuer> ISSUER = SingletonSupplier.of(SignedInCalls::startIssuer);

    @Override
    public ContextCustomizer createContextCustomizer(
            Class<?> testClass, List<ContextConfigurationAttributes> attributes) {
        return ARE_WANTED ? new Readers() : null;
    }

    /** Whether all callers are known. */
    public static boolean areWanted() {
        return ARE_WANTED;
    }

    /** An application that a test starts by itself. */
    public static SpringApplicationBuilder in(SpringApplicationBuilder application) {
        return ARE_WANTED ? application.initializers(SignedInCalls::signIn) : application;
    }

    private static void signIn(ConfigurableApplicationContext context) {
        TestPropertyValues.of(
                        "AUTH_ISSUER=" + ISSUER.obtain().issuer(),
                        "AUTH_READ=everyone",
                        // as for callers whom nobody knows
                        "LIMIT_SAVES_PER_MINUTE=0")
                .applyTo(context);
        WebServerFactoryCustomizer<TomcatServletWebServerFactory> tokens =
                tomcat -> tomcat.addEngineValves(new Tokens());
        context.getBeanFactory().registerSingleton("signedInCalls", tokens);
    }

    /** It ends with the JVM, whose contexts it serves. */
    private static TestIssuer startIssuer() {
        try {
            return TestIssuer.start();
        } catch (IOException e) {
            throw new IllegalStateException("the issuer did not start", e);
        }
    }

    /** Equal to each other, so that tests go on to share contexts. */
    private record Readers() implements ContextCustomizer {

        @Override
        public void customizeContext(ConfigurableApplicationContext context, MergedContextConfiguration configuration) {
            signIn(context);
        }
    }

    private static final class Tokens extends ValveBase {

        private final Map<String, String> byAddress = new ConcurrentHashMap<>();

        private Tokens() {
            super(true);
        }

        @Override
        public void invoke(Request request, Response response) throws IOException, ServletException {
            if (request.getHeader("Authorization") == null) {
                String token = byAddress.computeIfAbsent(
                        String.valueOf(request.getRemoteAddr()),
                        address -> ISSUER.obtain().token(TestIssuer.reader(address)));
                request.getCoyoteRequest()
                        .getMimeHeaders()
                        .addValue("Authorization")
                        .setString("Bearer " + token);
            }
            getNext().invoke(request, response);
        }
    }
}
