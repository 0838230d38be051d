// Package sdktest judges the verifiers of package webhook by the senders' own
// libraries, in both directions: what a library signs is accepted here, and what
// is signed here is accepted by the library. It holds nothing but that test, and
// the npm packages that it and the test of examples/webhooks need, which
//
//	npm ci --ignore-scripts
//
// installs in this folder. Without them both are skipped, and fail where
// HTTPTRIGGER_CI is set.
package sdktest
