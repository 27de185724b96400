package org.gibsey.spine.embedded;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.test.context.TestPropertySource;

/** A {@link SpineIT} where anybody may change any gift, with topics of its own. */
@Documented
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@SpineIT
@TestPropertySource(
        properties = {
            "ANONYMOUS_CHANGES=true",
            "KAFKA_TOPIC=changed_gifts",
            "KAFKA_DEAD_LETTER_TOPIC=changed_gifts.dlq",
            "KAFKA_GROUP=changed-gifts",
            "KAFKA_CHANGES_TOPIC=changes_of_gifts"
        })
public @interface AnonymousChangesIT {}
