package org.gibsey.spine.management;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.annotation.EndpointConverter;
import org.springframework.core.convert.TypeDescriptor;
import org.springframework.core.convert.converter.GenericConverter;
import org.springframework.stereotype.Component;

/**
 * Whole numbers that operations of Actuator are given as text. Spring would take the digits of any script, signs and hexadecimal: then a
 * number that an operator cannot read shows a dead letter, or dismisses one. Thread-safe.
 */
@Component
@EndpointConverter
final class AsciiNumbers implements GenericConverter {

    @Override
    public Set<ConvertiblePair> getConvertibleTypes() {
        return Set.of(new ConvertiblePair(String.class, Long.class), new ConvertiblePair(String.class, Integer.class));
    }

    /** @throws IllegalArgumentException if it is no such number: a 400 for the caller */
    @Override
    public @Nullable Object convert(@Nullable Object source, TypeDescriptor from, TypeDescriptor to) {
        if (source == null) {
            return null;
        }
        String text = source.toString();
        if (!text.matches("[0-9]+")) {
            throw new IllegalArgumentException("a number is written with the digits 0 to 9");
        }
        // not ?: which would make a Long of both
        if (to.getObjectType().equals(Integer.class)) {
            return Integer.valueOf(text);
        }
        return Long.valueOf(text);
    }
}
