import numpy as np
from adcompile.runtime import check_same_shape


def of_softplus_jvp(primals, tangents):
    primals_0 = primals[0]
    tangents_0 = tangents[0]
    check_same_shape(primals_0, tangents_0)
    total = 0.0
    total_dot = 0.0
    for i in range(primals_0.shape[0]):
        primals_2 = 3.0 * primals_0[i]
        total_dot += 3.0 * tangents_0[i] / (1.0 + np.exp(-primals_2))
        total += np.log1p(np.exp(-abs(primals_2))) + max(primals_2, 0.0)
    return total, total_dot
