package org.gibsey.spine;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256 of bytes. Thread-safe. */
public final class Sha256 {

    /** Cloned each time: looking it up among Java's providers takes longer than the digest itself. */
    private static final MessageDigest NEW = ofThisJava();

    private Sha256() {}

    public static byte[] of(byte[] bytes) {
        try {
            return ((MessageDigest) NEW.clone()).digest(bytes);
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("SHA-256 of this Java cannot be copied", e);
        }
    }

    /** In hexadecimal digits. */
    public static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(of(bytes));
    }

    private static MessageDigest ofThisJava() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
