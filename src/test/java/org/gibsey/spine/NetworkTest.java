package org.gibsey.spine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NetworkTest {

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.255.0.1, true",
        "10.0.0.0/8, 11.0.0.1, false",
        "192.0.2.0/25, 192.0.2.127, true",
        "192.0.2.0/25, 192.0.2.128, false",
        "192.0.2.1, 192.0.2.1, true",
        "192.0.2.1, 192.0.2.2, false",
        "0.0.0.0/0, ::1, false",
        "fd00::/8, fdff::1, true",
        "fd00::/8, fe80::1, false",
        "::1, ::1, true",
        "10.0.0.0/8, ::ffff:10.0.0.1, true"
    })
    void containsTheAddressesOfItsPrefix(String network, String address, boolean contains) {
        assertThat(Network.of(network).contains(Network.address(address).orElseThrow()))
                .isEqualTo(contains);
    }

    /** A name would be looked up, and be somebody else tomorrow. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "*",
                "proxy",
                "face",
                "localhost/8",
                "10.0.0.0/33",
                "10.0.0/8",
                "10.0.0.256",
                "::/129",
                "::1/x"
            })
    void isNoNetwork(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Network.of(text));
    }
}
