package org.gibsey.spine.http;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.servlet.ServletException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.gibsey.spine.ClientShares;
import org.gibsey.spine.Network;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

@ExtendWith(OutputCaptureExtension.class)
class ForwardedValveTest {

    private static final String PROXY = "10.1.1.1";
    private static final String STRANGER = "192.0.2.66";

    private final List<Network> proxies =
            Stream.of("10.1.0.0/16", "fd00::/8").map(Network::of).toList();

    private final ForwardedValve valve =
            new ForwardedValve(address -> proxies.stream().anyMatch(network -> network.contains(address)));

    private final List<Request> passed = new ArrayList<>();

    ForwardedValveTest() {
        valve.setNext(new ValveBase() {
            @Override
            public void invoke(Request request, Response response) {
                passed.add(request);
            }
        });
    }

    /** What stands before the last address that is no proxy was made up by the client. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "X-Forwarded-For: 192.0.2.1                               | 192.0.2.1",
                "X-Forwarded-For: 198.51.100.9, 192.0.2.1                 | 192.0.2.1",
                "X-Forwarded-For: 198.51.100.9, 192.0.2.1, 10.1.2.2       | 192.0.2.1",
                "X-Forwarded-For: 198.51.100.9, 192.0.2.1, fd00::2        | 192.0.2.1",
                "X-Forwarded-For: 198.51.100.9,, 10.1.2.2                 | 10.1.2.2",
                "X-Forwarded-For: 198.51.100.9; X-Forwarded-For: 192.0.2.1 | 192.0.2.1",
                "X-Forwarded-For: 10.1.9.9, 10.1.2.2                      | 10.1.9.9",
                "X-Forwarded-For: 192.0.2.1:4711                          | 192.0.2.1",
                "X-Forwarded-For: 2001:db8::1                             | 2001:db8:0:0:0:0:0:1",
                "X-Forwarded-For: [2001:db8::1]:4711                      | 2001:db8:0:0:0:0:0:1",
                "X-Forwarded-For: ::ffff:192.0.2.1                        | 192.0.2.1",
                "X-Forwarded-For: localhost                               | 10.1.1.1",
                "X-Forwarded-For: face                                    | 10.1.1.1",
                "X-Forwarded-For: 192.0.2.1, unknown                      | 10.1.1.1",
                "Forwarded: for=192.0.2.1                                 | 192.0.2.1",
                "Forwarded: For=198.51.100.9, for=192.0.2.1;proto=https   | 192.0.2.1",
                "Forwarded: for=\"[2001:db8::1]:4711\", for=10.1.2.2      | 2001:db8:0:0:0:0:0:1",
                "Forwarded: for=\"192.0.2.9, for=198.51.100.9\", for=192.0.2.1 | 192.0.2.1",
                "Forwarded: for=192.0.2.1, for=_hidden                    | 10.1.1.1",
                "Forwarded: for=192.0.2.1, proto=https                    | 10.1.1.1",
                "Forwarded: for=192.0.2.1, for=\"                         | 10.1.1.1",
                "Forwarded: for=192.0.2.1; X-Forwarded-For: 192.0.2.1     | 192.0.2.1",
                "Forwarded: for=unknown; X-Forwarded-For: 192.0.2.1       | 192.0.2.1",
                // a proxy that writes the one lets the other pass as the client made it up
                "Forwarded: for=198.51.100.9; X-Forwarded-For: 192.0.2.1  | 10.1.1.1"
            })
    void takesTheLastAddressThatIsNoProxyForTheClient(String headers, String client) throws Exception {
        assertThat(pass(PROXY, headers.split("; (?=X-)")).getRemoteAddr()).isEqualTo(client);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Forwarded-For: 192.0.2.1",
                "X-Forwarded-Proto: https",
                "X-Forwarded-Host: evil.example",
                "X-Forwarded-Port: 1",
                "X-Forwarded-Prefix: /evil",
                "Forwarded: for=192.0.2.1;proto=https;host=evil.example"
            })
    void believesNobodyElseAndSaysSoOnce(String header, CapturedOutput log) throws Exception {
        for (int i = 0; i < 3; i++) {
            Request request = pass(STRANGER, header);

            assertThat(request.getRemoteAddr()).isEqualTo(STRANGER);
            assertThat(calledAs(request)).isEqualTo("http://api:8000");
            assertThat(ForwardedValve.outside(request, "/vault/list")).isEqualTo("/vault/list");
        }
        assertThat(log).containsOnlyOnce("TRUSTED_PROXIES").contains(STRANGER).doesNotContain("evil");
    }

    @Test
    void warnsOfNobodyWhoSaysNothing(CapturedOutput log) throws Exception {
        pass(STRANGER, "Accept: */*");
        pass(PROXY, "X-Forwarded-For: 192.0.2.1");

        assertThat(log).doesNotContain("TRUSTED_PROXIES");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "X-Forwarded-Proto: https                                              | https://api:8000",
                "X-Forwarded-Proto: gopher                                             | http://api:8000",
                "X-Forwarded-Host: vault.example                                       | http://vault.example:80",
                "X-Forwarded-Proto: https; X-Forwarded-Host: vault.example             | https://vault.example:443",
                "X-Forwarded-Proto: https; X-Forwarded-Host: vault.example:8443        | https://vault.example:8443",
                "X-Forwarded-Proto: https; X-Forwarded-Host: [::1]                     | https://[::1]:443",
                "X-Forwarded-Proto: https; X-Forwarded-Host: v; X-Forwarded-Port: 8443 | https://v:8443",
                "X-Forwarded-Host: evil.example, vault.example                         | http://vault.example:80",
                "X-Forwarded-Host: user@evil.example/                                  | http://api:8000",
                "X-Forwarded-For: 192.0.2.1, 10.1.2.2; X-Forwarded-Proto: https, http  | https://api:8000",
                "Forwarded: for=192.0.2.1;proto=https;host=\"vault.example:444\"       | https://vault.example:444",
                "Forwarded: host=evil.example, for=192.0.2.1;host=vault.example        | http://vault.example:80",
            })
    void isCalledByTheAddressThatTheClientUses(String headers, String address) throws Exception {
        assertThat(calledAs(pass(PROXY, headers.split("; (?=X-)")))).isEqualTo(address);
    }

    @ParameterizedTest
    @CsvSource({
        "/spine, /spine/vault/list",
        "/spine/, /spine/vault/list",
        "/a/b, /a/b/vault/list",
        "/, /vault/list",
        "//evil.example, /vault/list",
        "https://evil.example, /vault/list",
        "/a\\b, /vault/list",
        "/a b, /vault/list"
    })
    void putsBackWhatAProxyTookOffThePath(String prefix, String path) throws Exception {
        assertThat(ForwardedValve.outside(pass(PROXY, "X-Forwarded-Prefix: " + prefix), "/vault/list"))
                .isEqualTo(path);
    }

    @Test
    void takesANetworkOfIpv6BehindAProxyForOneClient() throws Exception {
        Request one = pass(PROXY, "X-Forwarded-For: 2001:db8::1");
        Request sameNetwork = pass(PROXY, "Forwarded: for=\"[2001:db8:0:0:ffff::2]\"");
        Request other = pass(PROXY, "X-Forwarded-For: 2001:db8:0:1::1");

        assertThat(ClientShares.client(sameNetwork)).isEqualTo(ClientShares.client(one));
        assertThat(ClientShares.client(other)).isNotEqualTo(ClientShares.client(one));
    }

    private Request pass(String from, String... headers) throws IOException, ServletException {
        var wire = new org.apache.coyote.Request();
        wire.scheme().setString("http");
        wire.serverName().setString("api");
        wire.setServerPort(8000);
        for (String header : headers) {
            int colon = header.indexOf(':');
            wire.getMimeHeaders()
                    .addValue(header.substring(0, colon))
                    .setString(header.substring(colon + 1).strip());
        }
        Request request = new Request(new Connector());
        request.setCoyoteRequest(wire);
        request.setRemoteAddr(from);
        valve.invoke(request, new Response());
        return passed.get(passed.size() - 1);
    }

    private static String calledAs(Request request) {
        return request.getScheme() + "://" + request.getServerName() + ":" + request.getServerPort();
    }
}
