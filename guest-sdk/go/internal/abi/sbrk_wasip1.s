// The declaration of sbrk has no body, which the compiler allows where there is assembly.
