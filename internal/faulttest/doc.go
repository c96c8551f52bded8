// Package faulttest holds what the platform promises against accidents: real
// server processes, on a real database and before a real mail server, that are
// killed while they work and started again, or that work against each other.
// What was answered with success is there once, nothing leaves twice, and the
// proofs verify. There is nothing in it but tests.
package faulttest
