#include "naming/naming.h"
int main(void){struct naming*n=naming_new(2);return !n;}
