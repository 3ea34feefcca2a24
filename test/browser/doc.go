// Package browser drives a real Chromium without a window, as people drive it:
// it opens pages, types, presses keys, looks. Chromium is the stack's
// (deploy/stack/install.sh), so that it is there wherever the tests run.
//
// A page complains of every error of a script and of everything that its policy
// refused; Close reports what was not asked for by Complaints. Shots are kept in
// .stack/artefacts (or $ARTEFACTS), to be looked at.
package browser
