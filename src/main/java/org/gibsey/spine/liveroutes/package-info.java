/**
 * The guard over the route files: an edit is rehearsed before it goes live, refused with a reason when it is not sound, and
 * swapped in without failing a request when it is.
 *
 * <p>From a changed file to the report:
 *
 * <ol>
 *   <li>Read: {@link RouteFolder} reads every file by content, each as a {@link RouteFile}.
 *   <li>Wait until quiet: {@link FolderWatch} passes the files on when they were the same for some looks.
 *   <li>Detect: {@link LiveRoutes} compares each file with what runs ({@link LiveFile}); only new, changed and deleted files go
 *       on.
 *   <li>Parse and rehearse: {@link Rehearsal} lets nothing but routes pass, and in them only {@link AllowedParts}, loads
 *       the file into a Camel context that is never started, resolves every endpoint ({@link EndpointResolver}) and builds
 *       each route.
 *   <li>Rules: {@link SafetyRules}, with {@link SqlRules}, {@link PublishRules} and {@link ConsumerRules}, look at each {@link
 *       RehearsedRoute}. The result is a {@link RehearsedFile}; then its databases parse its SQL, and the broker is asked about
 *       the topics it sends to: their {@link RehearsedFile.Answers}.
 *   <li>Plan: {@link Plan} refuses collisions, dangling calls, and ways through the files that take too long ({@link AnswerTime}), and groups what must go live together.
 *   <li>Hold the gate: {@link RouteSwap} waits for the requests in work; {@link RequestGate} keeps new ones waiting.
 *   <li>Stop: the old routes end the batch in hand, and go; {@link RequestMappings} forgets their paths.
 *   <li>Start: the new routes are loaded from the text that was rehearsed.
 *   <li>Check: {@link StartCheck} waits until each route is mapped and connected.
 *   <li>Roll back: when a start or check fails, {@link RouteSwap} starts the old routes again.
 *   <li>Report: {@link EditReport} logs and counts; {@link LiveRoutesEndpoint} and the health component of {@link
 *       RequiredRoutes} show it. Each reason is a {@link RouteProblem}.
 * </ol>
 *
 * <p>{@link RouteCheck} does the steps up to the plan for {@code --check}, without an application that runs.
 */
@NullMarked
package org.gibsey.spine.liveroutes;

import org.jspecify.annotations.NullMarked;
