package org.gibsey.spine.management;

import java.io.PrintStream;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;

/**
 * {@code --new-token NAME ROLES}: makes a token of 256 random bits, and the line of it for the file that
 * {@code MANAGEMENT_TOKENS} names. Starts nothing and keeps nothing.
 */
public final class NewToken {

    private static final String OPTION = "--new-token";
    private static final int BYTES = 32;
    /** Tells a scanner of repositories and logs what it has found. */
    private static final String PREFIX = "gift-spine_";

    private NewToken() {}

    /** Whether the command line is one of this class. */
    public static boolean isAskedFor(String[] arguments) {
        return arguments.length > 0 && arguments[0].equals(OPTION);
    }

    /**
     * Makes one.
     *
     * @return the exit code: 2 when name or roles are missing or not possible
     */
    public static int run(String[] arguments, PrintStream out) {
        byte[] random = new byte[BYTES];
        new SecureRandom().nextBytes(random);
        String token = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        if (arguments.length == 3) {
            String line = arguments[1] + " " + arguments[2] + " sha256:" + Operators.hash(token);
            try {
                if (Operators.byHash(List.of(line)).size() == 1) {
                    out.println("for the file of MANAGEMENT_TOKENS:  " + line);
                    out.println("for " + arguments[1] + ", shown this once:  " + token);
                    return 0;
                }
            } catch (IllegalArgumentException e) {
                out.println(e.getMessage());
            }
        }
        out.println("usage: " + OPTION + " NAME ROLES, with roles of view, content and operate, such as view,operate");
        return 2;
    }
}
