package org.gibsey.spine.timeline;

import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * How far a stream has delivered the vault. It is the {@code id} of each event, and so the {@code Last-Event-ID} with which a
 * client resumes, at this process or at another.
 *
 * <p>A row id alone does not do. Ids are drawn before the commit, so row 7 can become visible after row 8, and a client that
 * resumed after 8 would never see 7. The same holds for transaction ids, but PostgreSQL says which transactions were open
 * when a row was read. So a position is the last row in the order of (transaction, id), and the transactions before it that
 * were still open. Delivered is every row up to that one, except those of the open transactions; their rows are delivered
 * when they commit. Nothing waits for an open transaction.
 *
 * <p>A position only names transactions of rows that were read. Those are on disk, so a database that crashes cannot use
 * their ids again.
 *
 * <p>A row that is changed moves to the transaction of the change, and remembers the one that stored it: a position that covers
 * that place belongs to a client that may have the gift already.
 *
 * <p>As text {@code 812:4711}, or {@code 812:4711,790,795:12}: last row, then the open transactions, each with the id of
 * the last row of it that was delivered, if one was. Immutable.
 *
 * @param txid transaction of the last row
 * @param id   id of the last row
 * @param open transactions before it that were open, each to the last id delivered of it, or {@link #NOTHING}
 */
record StreamPosition(long txid, long id, SortedMap<Long, Long> open) {

    /** In place of an id: no row of the transaction was delivered. */
    static final long NOTHING = Long.MIN_VALUE;

    /** Before every row. */
    static final StreamPosition START = new StreamPosition(0, NOTHING, Collections.emptySortedMap());

    /** After every row there will ever be. */
    static final StreamPosition END = new StreamPosition(Long.MAX_VALUE, Long.MAX_VALUE, Collections.emptySortedMap());

    private static final Pattern TEXT = Pattern.compile("\\d{1,19}(:-?\\d{1,19})?(,\\d{1,19}(:-?\\d{1,19})?)*+");

    /**
     * More open transactions than a server has sessions, 100 unless told otherwise. Each row that comes late is delivered with those that are still open: of a
     * page of small gifts a client would be sent, and this process would make, ten times what it has.
     */
    private static final int MOST_OPEN = 128;

    /** Two numbers of 64 bits and their signs. */
    private static final int ENTRY_CHARS = 41;

    private static final int MAX_TEXT = (1 + MOST_OPEN) * ENTRY_CHARS;

    StreamPosition {
        open = Collections.unmodifiableSortedMap(open);
    }

    /**
     * The position once one more row is delivered. Rows have to come in the order of (transaction, id), all that one
     * snapshot shows beyond this position, or the first few of them.
     *
     * @param running the transactions that were open in the snapshot it was read from
     */
    StreamPosition after(long rowTxid, long rowId, Collection<Long> running) {
        SortedMap<Long, Long> stillOpen = new TreeMap<>();
        for (Long transaction : running) {
            if (transaction < rowTxid) {
                stillOpen.put(transaction, NOTHING);
            }
        }
        if (rowTxid >= txid) {
            return new StreamPosition(rowTxid, rowId, stillOpen);
        }
        // an earlier transaction committed late: the open ones after it are still to be read
        stillOpen.putAll(open.tailMap(rowTxid + 1));
        stillOpen.put(rowTxid, rowId);
        return new StreamPosition(txid, id, stillOpen);
    }

    /** Whether a row that stood at this place was delivered, if it was to be. */
    boolean covers(long rowTxid, long rowId) {
        boolean isBehind = rowTxid == txid ? rowId <= id : rowTxid < txid;
        return isBehind && rowId <= open.getOrDefault(rowTxid, Long.MAX_VALUE);
    }

    /** @return empty when the text is no position */
    static Optional<StreamPosition> parse(String text) {
        if (text.length() > MAX_TEXT || !TEXT.matcher(text).matches()) {
            return Optional.empty();
        }
        try {
            SortedMap<Long, Long> open = new TreeMap<>();
            String[] entries = text.split(",", -1);
            if (entries.length > 1 + MOST_OPEN) {
                return Optional.empty();
            }
            for (int i = 1; i < entries.length; i++) {
                open.put(transaction(entries[i]), row(entries[i]));
            }
            return Optional.of(new StreamPosition(transaction(entries[0]), row(entries[0]), open));
        } catch (NumberFormatException beyond64Bits) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(",").add(entry(txid, id));
        for (Map.Entry<Long, Long> transaction : open.entrySet()) {
            text.add(entry(transaction.getKey(), transaction.getValue()));
        }
        return text.toString();
    }

    /** How long it is as text, about. */
    int chars() {
        return (1 + open.size()) * ENTRY_CHARS;
    }

    private static String entry(long transaction, long row) {
        return row == NOTHING ? Long.toString(transaction) : transaction + ":" + row;
    }

    private static long transaction(String entry) {
        int colon = entry.indexOf(':');
        return Long.parseLong(colon < 0 ? entry : entry.substring(0, colon));
    }

    private static long row(String entry) {
        int colon = entry.indexOf(':');
        return colon < 0 ? NOTHING : Long.parseLong(entry.substring(colon + 1));
    }
}
