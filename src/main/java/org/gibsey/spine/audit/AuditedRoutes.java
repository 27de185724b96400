package org.gibsey.spine.audit;

import org.apache.camel.CamelContext;
import org.apache.camel.Route;
import org.apache.camel.management.DefaultManagementObjectStrategy;
import org.apache.camel.management.mbean.ManagedSuspendableRoute;
import org.apache.camel.spring.boot.CamelContextConfiguration;
import org.gibsey.spine.audit.AuditLog.Outcome;
import org.springframework.stereotype.Component;

/** Says when somebody stops or starts a route over JMX, where Camel offers it without asking us. Thread-safe. */
@Component
class AuditedRoutes extends DefaultManagementObjectStrategy implements CamelContextConfiguration {

    @Override
    public void beforeApplicationStart(CamelContext camel) {
        camel.getManagementStrategy().setManagementObjectStrategy(this);
    }

    @Override
    public void afterApplicationStart(CamelContext camel) {
        // nothing is left to do
    }

    @Override
    public Object getManagedObjectForRoute(CamelContext camel, Route route) {
        if (!route.supportsSuspension()) {
            return super.getManagedObjectForRoute(camel, route);
        }
        AuditedRoute managed = new AuditedRoute(camel, route);
        managed.init(camel.getManagementStrategy());
        return managed;
    }

    /** Public because JMX calls it by reflection. */
    public static final class AuditedRoute extends ManagedSuspendableRoute {

        private interface Action {
            void run() throws Exception;
        }

        AuditedRoute(CamelContext camel, Route route) {
            super(camel, route);
        }

        @Override
        public void start() throws Exception {
            audited("start", super::start);
        }

        @Override
        public void stop() throws Exception {
            audited("stop", super::stop);
        }

        @Override
        public void stop(long seconds) throws Exception {
            audited("stop", () -> super.stop(seconds));
        }

        @Override
        public boolean stop(Long seconds, Boolean abort) throws Exception {
            boolean[] stopped = new boolean[1];
            audited("stop", () -> stopped[0] = super.stop(seconds, abort));
            return stopped[0];
        }

        @Override
        public void stopAndFail() throws Exception {
            audited("stop", super::stopAndFail);
        }

        @Override
        public void suspend() throws Exception {
            audited("suspend", super::suspend);
        }

        @Override
        public void suspend(long seconds) throws Exception {
            audited("suspend", () -> super.suspend(seconds));
        }

        @Override
        public void resume() throws Exception {
            audited("resume", super::resume);
        }

        @Override
        public void restart(long seconds) throws Exception {
            audited("restart", () -> super.restart(seconds));
        }

        @Override
        public boolean remove() throws Exception {
            boolean[] removed = new boolean[1];
            audited("remove", () -> removed[0] = super.remove());
            return removed[0];
        }

        private void audited(String action, Action work) throws Exception {
            AuditLog.write("jmx", null, "route-" + action, Outcome.BEGINS, getRouteId());
            Outcome outcome = Outcome.FAILED;
            try {
                work.run();
                outcome = Outcome.DONE;
            } finally {
                AuditLog.write("jmx", null, "route-" + action, outcome, getRouteId());
            }
        }
    }
}
