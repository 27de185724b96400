package org.gibsey.spine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.openqa.selenium.By;
import org.openqa.selenium.ElementNotInteractableException;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.springframework.core.io.ClassPathResource;
import org.springframework.util.FileSystemUtils;

/**
 * The system's own Chromium without a screen, with windows that are moved between. Nothing is downloaded: where there is no
 * Chromium or no driver for it, the tests that need one are skipped and say so. Not thread-safe.
 */
public final class Browser implements AutoCloseable {

    private static final List<String> CHROMIUM = List.of("chromium", "chromium-browser", "google-chrome", "chrome");

    private final ChromeDriver driver;
    private final Path profiles;

    private Browser(ChromeDriver driver, Path profiles) {
        this.driver = driver;
        this.profiles = profiles;
    }

    public static Browser start() throws IOException {
        Optional<File> chromium = onPath(CHROMIUM);
        Optional<File> chromedriver = onPath(List.of("chromedriver"));
        Assumptions.assumeTrue(
                chromium.isPresent() && chromedriver.isPresent(),
                "skipped: no chromium and chromedriver on the PATH (Debian: apt install chromium chromium-driver)");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium.get());
        options.addArguments(
                "--headless=new",
                // tests run as root in containers, where the sandbox cannot
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                // the window behind is as awake as the one in front
                "--disable-background-timer-throttling",
                "--disable-backgrounding-occluded-windows",
                "--disable-renderer-backgrounding",
                // and nothing is fetched but what a test opens
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-quic",
                "--window-size=1280,900");
        options.setCapability("goog:loggingPrefs", logs);
        // a socket of the browser's lies in it, whose path may have no more than 107 bytes
        Path profiles = Files.createTempDirectory(Path.of("/tmp"), "browser");
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(chromedriver.get())
                .usingAnyFreePort()
                // what it does not remove itself
                .withEnvironment(Map.of("TMPDIR", profiles.toString()))
                .build();
        return new Browser(new ChromeDriver(service, options), profiles);
    }

    /** Opens an address in the window in front and waits for nothing but its files. */
    public void go(String address) {
        driver.get(address);
    }

    /** Opens a timeline in the window in front and waits until it is live and has its gifts. */
    public Browser open(String address) {
        go(address);
        awaitLive();
        return this;
    }

    public void awaitLive() {
        await("the page is live").untilAsserted(() -> {
            assertThat(text("#state")).isEqualTo("Live");
            assertThat(find("#gifts").getDomAttribute("aria-busy"))
                    .as(() -> "end: %s, logs: %s"
                            .formatted(
                                    text("#end"),
                                    driver.manage().logs().get(LogType.BROWSER).getAll()))
                    .isEqualTo("false");
        });
    }

    /** Only the window in front stays, on no page: each window holds a connection, and the browser has six for a server. */
    public void clear() {
        String kept = driver.getWindowHandles().iterator().next();
        for (String window : driver.getWindowHandles()) {
            driver.switchTo().window(window);
            if (!window.equals(kept)) {
                driver.close();
            }
        }
        driver.switchTo().window(kept);
        driver.get("about:blank");
        complaints();
    }

    /** A further window, in front. */
    public String openWindow(String address) {
        driver.switchTo().newWindow(WindowType.WINDOW);
        open(address);
        return window();
    }

    public String window() {
        return driver.getWindowHandle();
    }

    public void toFront(String window) {
        driver.switchTo().window(window);
    }

    /** As a phone has it, in CSS pixels; zero for the window's own size again. */
    public void screen(int width, int height) {
        if (width == 0) {
            driver.executeCdpCommand("Emulation.clearDeviceMetricsOverride", Map.of());
        } else {
            driver.executeCdpCommand(
                    "Emulation.setDeviceMetricsOverride",
                    Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", true));
        }
    }

    /** As in a browser that has never been here. */
    public void forgetFiles() {
        driver.executeCdpCommand("Network.clearBrowserCache", Map.of());
    }

    /** As a reader has set it up: {@code light} or {@code dark}. */
    public void scheme(String name) {
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", name))));
    }

    /** As it would be printed, or on the screen again. */
    public void printing(boolean is) {
        driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("media", is ? "print" : ""));
    }

    /** A reader of this language, such as {@code de-DE}, and of this time zone; empty for those of this machine. */
    public void reader(String language, String zone) {
        driver.executeCdpCommand("Emulation.setLocaleOverride", Map.of("locale", language));
        driver.executeCdpCommand("Emulation.setTimezoneOverride", Map.of("timezoneId", zone));
    }

    /** Has a script run in each page before its own; until what is returned is run. */
    public Runnable before(String script) {
        Object id = driver.executeCdpCommand("Page.addScriptToEvaluateOnNewDocument", Map.of("source", script))
                .get("identifier");
        return () -> driver.executeCdpCommand("Page.removeScriptToEvaluateOnNewDocument", Map.of("identifier", id));
    }

    /** Waits until what was done is on the screen, and the page knows what is in sight. */
    public void awaitFrames() {
        script(
                "return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))");
    }

    /** Waits until a figure that a script returns is the same at two looks: what comes into sight is laid out only then. */
    public double settled(String script) {
        double[] last = {Double.NaN};
        await().pollInterval(Duration.ofMillis(100)).until(() -> {
            awaitFrames();
            return last[0] == (last[0] = this.<Number>script(script).doubleValue());
        });
        return last[0];
    }

    /** To whatever has the keyboard. */
    public void press(CharSequence keys) {
        new Actions(driver).sendKeys(keys).perform();
    }

    /** The window in front as a PNG. */
    public byte[] screenshot() {
        return driver.getScreenshotAs(OutputType.BYTES);
    }

    public WebElement find(String selector) {
        return driver.findElement(By.cssSelector(selector));
    }

    /** As the reader sees it; empty for what is hidden. In one call, because most of what waits asks for it again and again. */
    public String text(String selector) {
        return script("""
                const element = document.querySelector(arguments[0]);
                return element.checkVisibility({visibilityProperty: true}) ? element.innerText.trim() : "";
                """, selector);
    }

    /** Whether the reader sees it; it may not be there at all. */
    public boolean isShown(String selector) {
        return script(
                "return document.querySelector(arguments[0])?.checkVisibility({visibilityProperty: true}) ?? false",
                selector);
    }

    /** What the page's elements hold, all at one moment. */
    public List<String> texts(String selector) {
        return script(
                "return Array.from(document.querySelectorAll(arguments[0]), element => element.textContent)", selector);
    }

    public String address() {
        return driver.getCurrentUrl();
    }

    public void back() {
        driver.navigate().back();
    }

    /** Loads the page in the window in front anew, and returns when the old one is gone. */
    public void reload() {
        driver.navigate().refresh();
    }

    public void type(String selector, String text) {
        WebElement field = find(selector);
        field.clear();
        field.sendKeys(text);
    }

    /** Also of what the page draws anew between the look and the click. */
    public void click(String selector) {
        try {
            find(selector).click();
        } catch (StaleElementReferenceException drawnAnew) {
            find(selector).click();
        }
    }

    /** Of what is hidden now and then, such as a way to stop what is tried again and again. */
    public void clickOnceShown(String selector) {
        await().ignoreExceptionsInstanceOf(ElementNotInteractableException.class)
                .untilAsserted(() -> click(selector));
    }

    /** Runs JavaScript in the page. */
    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"}) // the caller knows what its script returns
    public <T> T script(String script, Object... arguments) {
        return (T) driver.executeScript(script, arguments);
    }

    /** What of the page some operator or reader could not see, reach or understand, by the rules of axe; each begins with the state. */
    public List<String> violations(String state) throws IOException {
        return violations(state, "html", List.of());
    }

    /** The same, and in the dark of it what has to do with colours: nothing else is another there. */
    public List<String> violationsInLightAndDark(String state) throws IOException {
        return violationsInLightAndDark(state, "html");
    }

    /** The same of a part of the page, such as a dialog: nobody gets at the rest of it meanwhile. */
    public List<String> violationsInLightAndDark(String state, String part) throws IOException {
        List<String> violations = new ArrayList<>(violations(state, part, List.of()));
        scheme("dark");
        violations.addAll(violations(state + ", dark", part, List.of("color-contrast", "link-in-text-block")));
        scheme("light");
        return violations;
    }

    /** The same as narrow and as wide, of a state that stays as it is when the width changes. */
    public List<String> violationsAtEveryWidth(String state) throws IOException {
        return violationsAtEveryWidth(state, "html");
    }

    /** The same of a part of the page. */
    public List<String> violationsAtEveryWidth(String state, String part) throws IOException {
        List<String> violations = new ArrayList<>();
        for (int width : List.of(390, 1440)) {
            screen(width, 900);
            violations.addAll(violationsInLightAndDark(width + " " + state, part));
        }
        screen(0, 0);
        return violations;
    }

    private List<String> violations(String state, String part, List<String> rules) throws IOException {
        if (!this.<Boolean>script("return 'axe' in window")) {
            script(new ClassPathResource("axe.min.js").getContentAsString(StandardCharsets.UTF_8));
        }
        List<String> found = script("""
                // a colour that is still changing is none that anybody sees
                document.getAnimations().forEach(animation => animation.finish());
                // on a background of several colours axe judges no text; here none stands where it is another colour
                const plain = new CSSStyleSheet();
                plain.replaceSync(".spine { background: none !important; }");
                document.adoptedStyleSheets = [plain];
                const options = {resultTypes: ["violations"], iframes: false, preload: false};
                if (arguments[0].length) {
                  options.runOnly = arguments[0];
                }
                return axe.run(arguments[1], options).then(({violations}) => violations.map(violation =>
                  `${violation.id}: ${violation.nodes.map(node => node.target + " " + (node.any[0]?.message ?? "")).join("; ")}`))
                """, rules, part);
        return found.stream().map(violation -> state + ": " + violation).toList();
    }

    /** What the page complained about: faults, refused resources, breaches of its policy. */
    public List<String> complaints() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(entry -> entry.getLevel().intValue() >= Level.SEVERE.intValue())
                .map(LogEntry::getMessage)
                .toList();
    }

    @Override
    public void close() throws IOException {
        driver.quit();
        FileSystemUtils.deleteRecursively(profiles);
    }

    private static Optional<File> onPath(List<String> names) {
        return names.stream()
                .flatMap(name -> Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                        .map(folder -> new File(folder, name)))
                .filter(File::canExecute)
                .findFirst();
    }
}
