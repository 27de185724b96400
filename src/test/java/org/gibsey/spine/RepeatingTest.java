package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.gibsey.spine.embedded.Patience;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class RepeatingTest {

    @Test
    void saysOnceThatItFailsAndGoesOn(CapturedOutput output) throws Exception {
        CountDownLatch runs = new CountDownLatch(3);
        Repeating repeating = new Repeating("a watch", Duration.ofMillis(1), () -> {
            runs.countDown();
            throw new IllegalStateException("a defect");
        });

        repeating.start();
        runs.await();
        repeating.stop();

        assertThat(output).containsOnlyOnce("a watch failed and goes on");
    }

    @Test
    void saysNothingOfARunThatAStopOvertook(CapturedOutput output) throws Exception {
        CompletableFuture<Thread> running = new CompletableFuture<>();
        Repeating repeating = new Repeating("a watch", Duration.ofMillis(1), () -> {
            running.complete(Thread.currentThread());
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException stop) {
                throw new IllegalStateException("what it needs is gone");
            }
        });

        repeating.start();
        Thread thread = running.get();
        repeating.stop();
        thread.join(Patience.LIMIT.toMillis());

        assertThat(thread.isAlive()).isFalse();
        assertThat(output).doesNotContain("a watch failed");
    }
}
