// Package bench measures the platform as it runs: over real HTTP and SMTP, on
// this machine alone, with the journal and the ledger's sequencer at work, every
// answer on disk before it is given. BenchmarkTable prints one table; make bench
// runs it. Each job runs for a fixed time, several times, and stops by itself.
package bench
