// Package testenv is what tests ask before they touch the machine, and what they share: gates that skip with a reason (or
// fail where every tier is required), golden files, the gtrace binary, workloads that do an exact number of things.
//
// It must not import a stage of the compiler or the runtime, and nothing but tests imports it.
//
// A skip always says "NAME tier: reason". With GTRACE_REQUIRE_TIERS=1 it is a failure.
package testenv
