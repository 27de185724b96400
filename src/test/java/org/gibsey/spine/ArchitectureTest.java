package org.gibsey.spine;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_FIELD_INJECTION;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import org.apache.coyote.ProtocolHandler;

/** The layout of the design, held by the build. */
@AnalyzeClasses(packages = "org.gibsey.spine", importOptions = DoNotIncludeTests.class)
class ArchitectureTest {

    /** One line a capability: what it may know of the others. A new package is entered here on purpose. */
    @ArchTest
    static final ArchRule CAPABILITIES_DO_NOT_REACH_INTO_EACH_OTHER = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .withOptionalLayers(true)
            .layer("process")
            .definedBy("org.gibsey.spine")
            .layer("gift")
            .definedBy("..spine.gift")
            .layer("broker")
            .definedBy("..spine.broker")
            .layer("identity")
            .definedBy("..spine.identity")
            .layer("http")
            .definedBy("..spine.http")
            .layer("persist")
            .definedBy("..spine.persist")
            .layer("deadletter")
            .definedBy("..spine.deadletter")
            .layer("timeline")
            .definedBy("..spine.timeline")
            .layer("liveroutes")
            .definedBy("..spine.liveroutes")
            .layer("health")
            .definedBy("..spine.health")
            .layer("ledger")
            .definedBy("..spine.ledger")
            .layer("tracing")
            .definedBy("..spine.tracing")
            .layer("management")
            .definedBy("..spine.management")
            .layer("audit")
            .definedBy("..spine.audit")
            .ensureAllClassesAreContainedInArchitecture()
            // --check rehearses route files and --new-token makes a token, without an application
            .whereLayer("process")
            .mayOnlyAccessLayers("liveroutes", "management")
            .whereLayer("gift")
            .mayNotAccessAnyLayer()
            .whereLayer("broker")
            .mayOnlyAccessLayers("process")
            .whereLayer("identity")
            .mayOnlyAccessLayers("process")
            .whereLayer("http")
            .mayOnlyAccessLayers("process", "gift", "broker", "identity")
            .whereLayer("deadletter")
            .mayOnlyAccessLayers("process", "gift", "broker", "audit")
            .whereLayer("persist")
            .mayOnlyAccessLayers("process", "gift", "broker", "deadletter")
            .whereLayer("timeline")
            .mayOnlyAccessLayers("process", "gift", "http", "identity")
            .whereLayer("liveroutes")
            .mayOnlyAccessLayers("process", "gift", "broker", "http", "identity", "audit")
            .whereLayer("health")
            .mayOnlyAccessLayers("process", "broker", "http", "persist", "identity")
            .whereLayer("ledger")
            .mayOnlyAccessLayers("process", "gift", "broker", "persist", "health")
            .whereLayer("tracing")
            .mayOnlyAccessLayers("process", "gift", "persist")
            .whereLayer("audit")
            .mayOnlyAccessLayers("gift")
            .whereLayer("management")
            .mayOnlyAccessLayers("process", "http", "audit");

    @ArchTest
    static final ArchRule PACKAGES_FORM_NO_CYCLES =
            slices().matching("org.gibsey.spine.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule A_GIFT_KNOWS_NEITHER_CAMEL_NOR_SPRING = noClasses()
            .that()
            .resideInAPackage("..spine.gift..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.apache.camel..", "org.springframework..");

    @ArchTest
    static final ArchRule CLASSES_ARE_PUBLIC_ONLY_FOR_OTHER_PACKAGES = classes()
            .that()
            .resideOutsideOfPackages("org.gibsey.spine", "..spine.gift..")
            .and()
            .arePublic()
            .and()
            // made by Tomcat, by name
            .areNotAssignableTo(ProtocolHandler.class)
            .and()
            .areTopLevelClasses()
            .should(beUsedByAnotherPackage());

    @ArchTest
    static final ArchRule LOGS_GO_THROUGH_SLF4J =
            noClasses().should().dependOnClassesThat().resideInAPackage("java.util.logging..");

    @ArchTest
    static final ArchRule NOTHING_IS_PRINTED_BUT_BY_CHECK =
            noClasses().that().areNotAssignableTo(SpineApplication.class).should(ACCESS_STANDARD_STREAMS);

    @ArchTest
    static final ArchRule NOTHING_IS_INJECTED_INTO_FIELDS = NO_CLASSES_SHOULD_USE_FIELD_INJECTION;

    private static ArchCondition<JavaClass> beUsedByAnotherPackage() {
        return new ArchCondition<>("be used by another package") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                boolean used = type.getDirectDependenciesToSelf().stream()
                        .anyMatch(use -> !use.getOriginClass().getPackageName().equals(type.getPackageName()));
                events.add(new SimpleConditionEvent(type, used, type.getName() + " is public and needs not be"));
            }
        };
    }
}
