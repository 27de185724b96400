package org.gibsey.spine.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.util.Map;
import javax.management.Attribute;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.camel.Consumer;
import org.apache.camel.Endpoint;
import org.apache.camel.Processor;
import org.apache.camel.Producer;
import org.apache.camel.api.management.JmxSystemPropertyKeys;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultComponent;
import org.apache.camel.support.DefaultConsumer;
import org.apache.camel.support.DefaultEndpoint;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class AuditedBeansTest {

    /** What a test of routes before this one has left behind. */
    private static final String LEFT = System.getProperty(JmxSystemPropertyKeys.DISABLED);

    private final MBeanServer jmx = ManagementFactory.getPlatformMBeanServer();
    private final DefaultCamelContext camel = new DefaultCamelContext();

    @BeforeAll
    static void withJmx() {
        System.setProperty(JmxSystemPropertyKeys.DISABLED, "false");
    }

    @AfterAll
    static void asItWas() {
        if (LEFT == null) {
            System.clearProperty(JmxSystemPropertyKeys.DISABLED);
        } else {
            System.setProperty(JmxSystemPropertyKeys.DISABLED, LEFT);
        }
    }

    @BeforeEach
    void start() throws Exception {
        camel.addComponent("stubborn", new Stubborn());
        camel.addRoutes(new RouteBuilder() {
            @Override
            public void configure() {
                from("direct:in").routeId("suspendable").to("log:out").id("write");
                from("stubborn:in").routeId("stubborn").to("log:out");
            }
        });
        new AuditedBeans().beforeApplicationStart(camel);
        camel.start();
    }

    @AfterEach
    void stop() {
        camel.stop();
    }

    @Test
    void saysWhoStopsAndStartsARouteAlsoOneThatCannotBeSuspended(CapturedOutput output) throws Exception {
        for (String route : new String[] {"suspendable", "stubborn"}) {
            invoke("routes", route, "stop");
            invoke("routes", route, "start");

            assertThat(output)
                    .containsSubsequence(
                            "jmx: route-stop begins, " + route,
                            "jmx: route-stop done, " + route,
                            "jmx: route-start begins, " + route,
                            "jmx: route-start done, " + route);
        }
    }

    @Test
    void saysItOfAConsumerAStepAndTheWholeContext(CapturedOutput output) throws Exception {
        ObjectName consumer = jmx.queryNames(new ObjectName("org.apache.camel:type=consumers,*"), null).stream()
                .filter(found -> found.getKeyProperty("context").equals(camel.getManagementName()))
                .findFirst()
                .orElseThrow();
        jmx.invoke(consumer, "stop", new Object[0], new String[0]);
        invoke("processors", "write", "stop");
        invoke("context", camel.getName(), "suspend");
        jmx.setAttribute(name("context", camel.getName()), new Attribute("Tracing", false));

        assertThat(output)
                .contains(
                        "jmx: consumer-stop done, ",
                        "jmx: processor-stop done, write",
                        "jmx: context-suspend begins, ",
                        "jmx: context-suspend done, ",
                        "jmx: context-setTracing done, ");
    }

    @Test
    void saysThatItFailedAndNothingOfWhatWasSent(CapturedOutput output) throws Exception {
        assertThatThrownBy(() -> jmx.invoke(
                        name("context", camel.getName()),
                        "sendBody",
                        new Object[] {"nowhere:at-all", "what a reader wrote"},
                        new String[] {String.class.getName(), Object.class.getName()}))
                .isInstanceOf(JMException.class);

        assertThat(output).contains("jmx: context-sendBody failed, ").doesNotContain("at-all", "what a reader wrote");
    }

    @Test
    void readingLeavesNoLine(CapturedOutput output) throws Exception {
        assertThat(jmx.getAttribute(name("routes", "stubborn"), "State")).isEqualTo("Started");
        jmx.invoke(name("routes", "stubborn"), "dumpStatsAsXml", new Object[] {false}, new String[] {
            boolean.class.getName()
        });

        assertThat(output).doesNotContain("jmx: ");
    }

    private void invoke(String type, String bean, String operation) throws JMException {
        jmx.invoke(name(type, bean), operation, new Object[0], new String[0]);
    }

    private ObjectName name(String type, String bean) throws JMException {
        return new ObjectName(
                "org.apache.camel:context=%s,type=%s,name=\"%s\"".formatted(camel.getManagementName(), type, bean));
    }

    /** Its consumers start and stop, and know nothing between. */
    private static final class Stubborn extends DefaultComponent {

        @Override
        protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) {
            return new DefaultEndpoint(uri, this) {
                @Override
                public Producer createProducer() {
                    throw new UnsupportedOperationException();
                }

                @Override
                public Consumer createConsumer(Processor processor) {
                    return new DefaultConsumer(this, processor);
                }
            };
        }
    }
}
