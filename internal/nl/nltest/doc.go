// Package nltest holds what black-box tests of a rtnetlink program share: a
// network namespace for each test, a way to run a program that cannot hang the
// test, the bytes the program sent, and those bytes as text.
//
// It is imported by tests only, and it imports nothing of nhctl: the decoder
// here is written a second time on purpose, so that a mistake in the product's
// attribute tables cannot hide itself in the test that should find it.
package nltest
