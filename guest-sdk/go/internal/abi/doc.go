// Package abi is what the SDK's packages share to speak the canonical ABI of the component model. Outside of a sandbox it is empty.
package abi
