package org.gibsey.spine.audit;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import javax.management.Attribute;
import javax.management.AttributeList;
import javax.management.JMException;
import javax.management.MBeanRegistration;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.modelmbean.ModelMBean;
import org.apache.camel.CamelContext;
import org.apache.camel.spring.boot.CamelContextConfiguration;
import org.apache.camel.support.management.DefaultManagementMBeanAssembler;
import org.gibsey.spine.audit.AuditLog.Outcome;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Says when somebody uses what Camel offers over JMX without asking us: stops a route, its consumer or a step of it, suspends all
 * routes at once, sends something to an endpoint. Whatever does not plainly read counts. Thread-safe.
 */
@Component
class AuditedBeans implements CamelContextConfiguration {

    private static final Pattern READING = Pattern.compile(
            "(get|is|has|can|dump|browse|list)[A-Z]\\w*|\\w+(Names|Ids|Status|AsJSon|AsXml)|browse|details|extendedInformation|queueSize|size|variables");

    @Override
    public void beforeApplicationStart(CamelContext camel) {
        camel.getCamelContextExtension().setManagementMBeanAssembler(new Assembler(camel));
    }

    @Override
    public void afterApplicationStart(CamelContext camel) {
        // nothing is left to do
    }

    private static final class Assembler extends DefaultManagementMBeanAssembler {

        Assembler(CamelContext camel) {
            super(camel);
        }

        @Override
        public @Nullable ModelMBean assemble(MBeanServer server, Object managed, ObjectName name) throws JMException {
            ModelMBean bean = super.assemble(server, managed, name);
            return bean == null
                    ? null
                    : (ModelMBean) Proxy.newProxyInstance(
                            Assembler.class.getClassLoader(),
                            new Class<?>[] {ModelMBean.class, MBeanRegistration.class},
                            (proxy, method, arguments) -> {
                                String change = change(method.getName(), arguments);
                                Callable<Object> call = () -> method.invoke(bean, arguments);
                                return change == null ? answer(call) : audited(name, change, call);
                            });
        }
    }

    /** What a call of an MBean changes, without the values, which may be what a reader wrote; null if it reads. */
    private static @Nullable String change(String method, Object @Nullable [] arguments) {
        if (arguments != null && method.equals("invoke")) {
            String operation = (String) arguments[0];
            return READING.matcher(operation).matches() ? null : operation;
        }
        if (arguments != null && arguments[0] instanceof Attribute attribute) {
            return "set" + attribute.getName();
        }
        if (arguments != null && method.equals("setAttributes") && arguments[0] instanceof AttributeList attributes) {
            return "set" + attributes.asList().stream().map(Attribute::getName).toList();
        }
        return null;
    }

    private static @Nullable Object audited(ObjectName bean, String change, Callable<Object> call) throws Throwable {
        // routes and consumers have lists of their own, in the plural
        String action = bean.getKeyProperty("type").replaceFirst("s$", "") + "-" + change;
        String name = bean.getKeyProperty("name").replace("\"", "");
        AuditLog.write("jmx", null, action, Outcome.BEGINS, name);
        Outcome outcome = Outcome.FAILED;
        try {
            Object answer = answer(call);
            outcome = Outcome.DONE;
            return answer;
        } finally {
            AuditLog.write("jmx", null, action, outcome, name);
        }
    }

    private static @Nullable Object answer(Callable<Object> call) throws Throwable {
        try {
            return call.call();
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
