package org.gibsey.spine.bench;

/** One part of a run, which can be run by itself. */
interface Benchmark {

    /** Measures and reports; leaves no process behind. */
    void run(Rig rig, Scale scale, Report report) throws Exception;
}
