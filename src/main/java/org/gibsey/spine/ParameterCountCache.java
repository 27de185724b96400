package org.gibsey.spine;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.apache.camel.component.jdbc.DefaultConnectionStrategy;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Connections for Camel's JDBC component, whose statements know how many parameters they have. The component wants to know
 * it before each execution, and PostgreSQL's driver asks the database each time (pgjdbc issue 621): a round trip, and after
 * it a prepared statement is parsed anew. How many there are depends on the text alone, so the database is asked once.
 *
 * <p>Thread-safe; a connection is no more so than that of the data source.
 */
@Component("parameterCountCache")
final class ParameterCountCache extends DefaultConnectionStrategy {

    /** By SQL. It is constant text of the route files, so there are no more than these have had. */
    private final Map<String, Integer> counts = new ConcurrentHashMap<>();

    @Override
    public Connection getConnection(DataSource dataSource) throws SQLException {
        Connection connection = dataSource.getConnection();
        return proxy(Connection.class, (self, method, arguments) -> {
            Object result = invoke(method, connection, arguments);
            return method.getName().equals("prepareStatement") && result instanceof PreparedStatement statement
                    ? counted(statement, (String) arguments[0])
                    : result;
        });
    }

    private PreparedStatement counted(PreparedStatement statement, String sql) {
        return proxy(
                PreparedStatement.class,
                (self, method, arguments) -> method.getName().equals("getParameterMetaData")
                        ? metadata(statement, sql)
                        : invoke(method, statement, arguments));
    }

    private ParameterMetaData metadata(PreparedStatement statement, String sql) throws SQLException {
        Integer count = counts.get(sql);
        if (count == null) {
            count = statement.getParameterMetaData().getParameterCount();
            counts.put(sql, count);
        }
        Integer known = count;
        return proxy(
                ParameterMetaData.class,
                (self, method, arguments) -> method.getName().equals("getParameterCount")
                        ? known
                        : invoke(method, statement.getParameterMetaData(), arguments));
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static @Nullable Object invoke(Method method, Object target, Object @Nullable [] arguments)
            throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
