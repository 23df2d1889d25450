// Package probe is the probe types: one file each. A provider knows the syntax of its attach points, what they stand for on this
// machine, what a program attached there sees, how it is attached and how it is listed. The checker, the listing, completion and
// the runtime all ask the same Set of them.
//
// It must not import a compile stage or print anything. What is wrong with an attach point's text or target is a
// *check.PointError; whatever else goes wrong is an error about the world.
package probe
