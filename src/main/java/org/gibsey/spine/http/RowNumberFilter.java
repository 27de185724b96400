package org.gibsey.spine.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.gibsey.spine.FilterOrder;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;

/**
 * An edit or delete may name its gift by the number of the row, at {@code /vault/7}, as the reader's page calls it: it is
 * handled as {@code /vault/gifts/7}. As routes of their own, these would need all steps of the others a second time. Thread-safe.
 */
@Component
@Order(FilterOrder.ROW_NUMBER)
final class RowNumberFilter extends HttpFilter {

    private static final Pattern PATH = Pattern.compile("/vault/([0-9]+)");

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Matcher path = PATH.matcher(request.getServletPath());
        boolean isChange =
                request.getMethod().equals("PUT") || request.getMethod().equals("DELETE");
        chain.doFilter(isChange && path.matches() ? at("/vault/gifts/" + path.group(1), request) : request, response);
    }

    private static HttpServletRequest at(String path, HttpServletRequest request) {
        return new HttpServletRequestWrapper(request) {
            @Override
            public String getRequestURI() {
                return path;
            }

            @Override
            public String getServletPath() {
                return path;
            }
        };
    }
}
