// Package sdktest judges the verifiers of package webhook by the senders' own
// libraries, in both directions: what a library signs is accepted here, and what
// is signed here is accepted by the library. It holds nothing but that test, and
// the npm packages it needs, which
//
//	npm ci --ignore-scripts
//
// installs in this folder. Without them the test is skipped, and fails where
// HTTPTRIGGER_CI is set.
package sdktest
