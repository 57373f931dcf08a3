// Run with: java ArtQrExample.java (Java 17, no library). ARTQR_BASE_URL says where the server is.
import com.sun.net.httpserver.HttpServer;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

public class ArtQrExample {
    static final String URL =
        System.getenv().getOrDefault("ARTQR_BASE_URL", "http://127.0.0.1:3040");
    static final HttpClient HTTP = HttpClient.newHttpClient();
    static final Map<String, String> FIELDS =
        Map.of("text", "https://example.com", "style_id", "food_fryrice");

    public static void main(String[] arguments) throws Exception {
        try {
            run();
        } catch (ConnectException error) {
            System.err.println("no artqr-mock answers at " + URL
                + ": start one with `artqr-mock serve`, or set ARTQR_BASE_URL");
            System.exit(1);
        }
    }

    static void run() throws Exception {
        // An account of its own for each test: nothing of it is visible in another.
        String account = admin("POST", "/accounts", "{\"credits\": 3, \"seed\": 7}");
        String id = field(account, "id");
        String appCode = field(account, "app_code");

        // A callback arrives before the call that moves the clock returns.
        List<String> received = new CopyOnWriteArrayList<>();
        HttpServer receiver = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        receiver.createContext("/done", exchange -> {
            byte[] body = exchange.getRequestBody().readAllBytes();
            received.add(new String(body, StandardCharsets.UTF_8));
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        receiver.start();
        String callBack = "http://127.0.0.1:" + receiver.getAddress().getPort() + "/done";
        HttpResponse<String> submitted = call("/submitTask", appCode, Map.of(
            "text", "https://example.com", "style_id", "food_fryrice", "call_back", callBack));
        String taskId = field(submitted.body(), "task_id");
        admin("POST", "/accounts/" + id + "/clock", "{\"to_next_event\": true, \"settle\": true}");
        receiver.stop(0);
        check(received.size() == 1 && received.get(0).contains(taskId), "one callback, of the task");

        String task = call("/queryTask", appCode, Map.of("task_id", taskId)).body();
        check(field(task, "status").equals("succeeded"), "the task has ended: " + task);

        // Two of three credits are used; the call after the third is refused by the gateway.
        call("/submitTask", appCode, FIELDS);
        HttpResponse<String> refused = call("/submitTask", appCode, FIELDS);
        check(refused.statusCode() == 403 && errorCode(refused).equals("B403MQ"), "out of credits");

        // A reset starts the account again as it was made.
        admin("POST", "/accounts/" + id + "/reset", "");
        check(call("/submitTask", appCode, FIELDS).statusCode() == 200, "credits again");

        // A magic app code needs no admin call at all.
        HttpResponse<String> late = call("/submitTask", "mock-timeout", FIELDS);
        check(late.statusCode() == 504 && errorCode(late).equals("D504TO"), "the gateway times out");

        System.out.println("all is well");
    }

    static HttpResponse<String> call(String path, String appCode, Map<String, String> fields)
            throws Exception {
        String form = fields.entrySet().stream()
            .map(each -> each.getKey() + "=" + URLEncoder.encode(each.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
        HttpRequest request = HttpRequest.newBuilder(URI.create(URL + path))
            .header("Authorization", "APPCODE " + appCode)
            .header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build();
        return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    }

    static String admin(String method, String path, String json) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(URL + "/_mock" + path))
            .header("Content-Type", "application/json")
            .method(method, HttpRequest.BodyPublishers.ofString(json))
            .build();
        HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        check(answer.statusCode() < 300, method + " " + path + ": " + answer.body());
        return answer.body();
    }

    static String errorCode(HttpResponse<String> answer) {
        return answer.headers().firstValue("X-Ca-Error-Code").orElse("");
    }

    // Your project has a JSON library; a pattern is enough for an example.
    static String field(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\": ?\"([^\"]*)\"").matcher(json);
        check(found.find(), "no " + name + " in " + json);
        return found.group(1);
    }

    static void check(boolean isTrue, String what) {
        if (!isTrue) throw new AssertionError(what);
    }
}
